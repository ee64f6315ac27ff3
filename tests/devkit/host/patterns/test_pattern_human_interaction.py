"""An external event against a time limit."""

from datetime import timedelta

import pytest

from devkit.host.clock import moment_of
from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import different, events, story
from tests.devkit.host.running import WEBHOOK, eventually

CLOCK_SCALE = 3600  # an hour in a second
DAYS = 5 * 24  # hours
YES = {"approved": True, "by": "kim"}


def hand_in(app: Victim, expense: str, hours: int) -> None:
    answer = app.call("POST", "/api/expenses", {"id": expense, "hours": hours})
    assert (answer.status, answer.headers["Location"]) == (202, f"/api/expenses/{expense}")


def await_question(app: Victim, expense: str) -> None:
    eventually(lambda: events(app, expense, Kind.TIMER_CREATED), "the time limit")
    assert app.call("GET", f"/api/expenses/{expense}").json == {"outcome": "waits"}


@pytest.mark.parametrize(("hours", "approved"), [(72, True), (DAYS, False)])
def test_an_answer_ends_the_instance_at_once_for_its_timer_is_cancelled(app: Victim, outside: Outside, hours: int, approved: bool) -> None:
    expense = f"{hours}-{approved}"
    hand_in(app, expense, hours)
    await_question(app, expense)
    assert app.call("POST", f"/api/expenses/{expense}/answer", {"approved": approved, "by": "kim"}).status == 202
    assert app.ended(expense)["output"] == {"outcome": "approved" if approved else "rejected", "by": "kim"}
    assert app.call("GET", f"/api/expenses/{expense}").json["by"] == "kim"
    assert story(app, expense)[-3:] == ["TIMER_CREATED", "EVENT_RAISED Answer", "EXECUTION_COMPLETED"]
    (timer,) = events(app, expense, Kind.TIMER_CREATED)
    (end,) = events(app, expense, Kind.EXECUTION_COMPLETED)
    assert moment_of(end["Timestamp"]) < moment_of(timer["FireAt"])
    assert outside.under(expense) == [f"/ask/{expense}"]
    assert app.call("POST", f"/api/expenses/{expense}/answer", YES).status == 409


def test_without_an_answer_it_is_escalated_when_the_time_is_over(app: Victim, outside: Outside) -> None:
    hand_in(app, "late", 1)
    assert app.ended("late")["output"] == {"outcome": "escalated"}
    assert outside.under("late") == ["/ask/late", "/escalate/late"]
    (timer,), (fired,) = events(app, "late", Kind.TIMER_CREATED), events(app, "late", Kind.TIMER_FIRED)
    assert moment_of(fired["Timestamp"]) >= moment_of(timer["FireAt"])


def test_killed_while_it_waits_it_still_takes_the_answer(app: Victim, outside: Outside) -> None:
    for expense in ("rough", "twin"):
        hand_in(app, expense, DAYS)
        await_question(app, expense)
    app.call("POST", "/api/expenses/twin/answer", YES)
    app.ended("twin")
    app.kill()
    app.start()
    assert app.call("GET", "/api/expenses/rough").json == {"outcome": "waits"}
    app.call("POST", "/api/expenses/rough/answer", YES)
    assert app.ended("rough")["output"] == {"outcome": "approved", "by": "kim"}
    assert outside.under("rough") == ["/ask/rough"]  # nobody is asked twice
    assert not different(app, "rough", "twin")


def test_an_answer_that_comes_to_the_webhook_is_an_object(app: Victim) -> None:
    hand_in(app, "direct", DAYS)
    await_question(app, "direct")
    assert app.call("POST", f"{WEBHOOK}/instances/direct/raiseEvent/Answer", YES).status == 202
    assert app.ended("direct")["output"] == {"outcome": "approved", "by": "kim"}
    assert app.call("POST", f"{WEBHOOK}/instances/direct/raiseEvent/Answer", YES).status == 410
    assert app.call("POST", "/api/expenses/unknown/answer", YES).status == 404


def test_a_limit_of_a_month_cannot_be_cancelled_for_the_sdk_does_not_send_it(app: Victim) -> None:
    """`LongTimerTask.cancel` of azure-functions-durable 1.7.0 marks an action that is never sent. So in Azure too the instance runs on
    until the first piece of three days fires; an app with such limits cuts them into days itself."""
    hand_in(app, "month", 30 * 24)
    await_question(app, "month")
    app.call("POST", "/api/expenses/month/answer", YES)
    eventually(lambda: story(app, "month")[-1] == "EVENT_RAISED Answer", "the answer")
    assert app.status("month")["runtimeStatus"] == "Running"
    (timer,) = events(app, "month", Kind.TIMER_CREATED)
    assert moment_of(timer["FireAt"]) - moment_of(timer["Timestamp"]) == timedelta(days=3)
