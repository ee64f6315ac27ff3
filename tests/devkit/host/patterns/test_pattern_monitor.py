"""Timers until a condition holds, or until the time is over."""

from datetime import timedelta

from devkit.host.clock import moment_of
from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import events, story
from tests.devkit.host.running import eventually

CLOCK_SCALE = 36_000  # ten hours in a second
DAY = 24 * 60  # minutes
RUNNING, DONE = {"state": "running"}, {"state": "done"}


def watch(app: Victim, job: str, *, every: int, within: int) -> None:
    assert app.call("PUT", f"/api/jobs/{job}/monitor", {"every": every, "within": within}).status == 202


def pauses(app: Victim, job: str) -> list[tuple[timedelta, timedelta]]:
    """Of each timer that fired: how long it was set, and how much later it fired; both by the host's clock."""
    created = {each["EventId"]: each for each in events(app, job, Kind.TIMER_CREATED)}
    fired = events(app, job, Kind.TIMER_FIRED)
    assert [each["TimerId"] for each in fired] == list(created)
    due = [moment_of(each["FireAt"]) for each in created.values()]
    began = [moment_of(each["Timestamp"]) for each in created.values()]
    return [(at - since, moment_of(each["Timestamp"]) - at) for at, since, each in zip(due, began, fired, strict=True)]


def test_it_looks_until_the_job_is_done_with_a_pause_after_each_look(app: Victim, outside: Outside) -> None:
    outside.answer("/state/calm", RUNNING, RUNNING, RUNNING, DONE)
    watch(app, "calm", every=60, within=1000 * DAY)
    ended = app.ended("calm")
    assert ended["output"] == {"outcome": "done", "looks": 4}
    assert ended["customStatus"] == {"state": "done", "looks": 4}
    assert outside.under("calm") == ["/state/calm"] * 4 + ["/done/calm"]
    look = ["TASK_SCHEDULED look_at", "TASK_COMPLETED"]
    assert story(app, "calm")[1:-3] == [*look, "TIMER_CREATED", "TIMER_FIRED"] * 3 + look
    for pause, late in pauses(app, "calm"):
        assert pause == timedelta(hours=1)
        assert late >= timedelta()


def test_it_gives_up_at_the_expiry_and_not_before(app: Victim, outside: Outside) -> None:
    outside.answer("/state/stuck", RUNNING)
    watch(app, "stuck", every=7 * 60, within=DAY)
    output = app.ended("stuck")["output"]
    assert output["outcome"] == "expired"
    assert output["looks"] == outside.times("/state/stuck") == len(pauses(app, "stuck")) <= 4
    begun, *_, ended = app.history("stuck")
    assert moment_of(ended["Timestamp"]) - moment_of(begun["Timestamp"]) >= timedelta(days=1)
    assert outside.times("/done/stuck") == 0


def test_killed_in_a_pause_it_goes_on_looking_when_the_pause_is_over(app: Victim, outside: Outside) -> None:
    outside.answer("/state/rough", RUNNING)
    watch(app, "rough", every=10 * 60, within=1000 * DAY)
    eventually(lambda: len(events(app, "rough", Kind.TIMER_CREATED)) >= 2, "the second pause")
    app.kill()
    app.start()
    watch(app, "rough", every=1, within=1)  # it is watched already
    outside.answer("/state/rough", DONE)
    output = app.ended("rough")["output"]
    assert output["outcome"] == "done"
    looks = output["looks"]
    assert outside.times("/state/rough") - looks in (0, 1)  # one more if the pause was over before the kill came
    assert [pause for pause, _ in pauses(app, "rough")] == [timedelta(hours=10)] * (looks - 1)
    outside.answer("/state/twin", *[RUNNING] * (looks - 1), DONE)
    watch(app, "twin", every=1, within=DAY)
    assert app.ended("twin")["output"] == output
    assert story(app, "rough") == story(app, "twin")
