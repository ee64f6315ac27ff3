"""Steps one after the other, each with what the one before it answered."""

from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import different, story

CHAIN = [
    "EXECUTION_STARTED fulfil_order",
    *("TASK_SCHEDULED reserve", "TASK_COMPLETED"),
    *("TASK_SCHEDULED charge", "TASK_COMPLETED"),
    *("TASK_SCHEDULED ship", "TASK_COMPLETED"),
    "EXECUTION_COMPLETED",
]
SHIPPED = {"shipped": True, "parcel": "P3"}


def place(app: Victim, outside: Outside, order: str) -> None:
    for step, answer in (("reserve", {"seat": "S1"}), ("charge", {"receipt": "R2"}), ("ship", {"parcel": "P3"})):
        outside.answer(f"/{step}/{order}", answer)
    assert app.call("POST", "/api/orders", {"id": order}).status == 202


def test_each_step_begins_when_the_one_before_it_has_ended_and_gets_its_answer(app: Victim, outside: Outside) -> None:
    place(app, outside, "calm")
    assert app.ended("calm")["output"] == SHIPPED
    assert outside.under("calm") == ["/reserve/calm", "/charge/calm", "/ship/calm"]
    assert outside.sent["/charge/calm"] == {"id": "calm", "seat": "S1"}
    assert outside.sent["/ship/calm"] == {"id": "calm", "receipt": "R2"}
    assert story(app, "calm") == CHAIN


def test_a_chain_killed_in_a_step_repeats_that_step_and_none_before_it(app: Victim, outside: Outside) -> None:
    outside.hold("/charge/rough")
    place(app, outside, "rough")
    outside.await_request("/charge/rough")
    app.kill()
    outside.release("/charge/rough")
    app.start()
    assert app.ended("rough")["output"] == SHIPPED
    assert outside.under("rough") == ["/reserve/rough", "/charge/rough", "/charge/rough", "/ship/rough"]
    place(app, outside, "twin")
    assert app.ended("twin")["output"] == SHIPPED
    assert not different(app, "rough", "twin")


def test_a_step_that_fails_ends_the_chain_and_what_was_done_is_undone(app: Victim, outside: Outside) -> None:
    outside.answer("/charge/poor", {}, status=402)
    place(app, outside, "poor")
    assert app.ended("poor")["output"] == {"shipped": False, "why": "the payment was refused"}
    assert outside.under("poor") == ["/reserve/poor", "/charge/poor", "/release/poor"]
    assert story(app, "poor")[3:6] == ["TASK_SCHEDULED charge", "TASK_FAILED", "TASK_SCHEDULED release"]
