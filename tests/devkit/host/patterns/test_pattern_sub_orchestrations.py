"""Orchestrations that call others, with retries of activities and of whole children."""

from datetime import timedelta

from devkit.host.clock import moment_of
from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import different, episodes, events, story
from tests.devkit.host.running import WEBHOOK

CLOCK_SCALE = 300  # 30 seconds in a tenth of one
DEVICES = ["door", "lamp", "void"]
ATTEMPT, FAILED, PAUSE = "TASK_SCHEDULED ask", "TASK_FAILED", ("TIMER_CREATED", "TIMER_FIRED")
READY = [{"device": "door", "ready": True, "serial": 1}, {"device": "lamp", "ready": True, "serial": 2}, {"device": "void", "ready": False}]


def set_up(app: Victim, outside: Outside, site: str) -> None:
    """The network fails once, the lamp twice, the void for ever."""
    outside.answer(f"/address/{site}", {"address": "10.0.0.1"})
    outside.fail(f"/network/{site}", 1)
    outside.answer(f"/register/door/{site}", {"serial": 1})
    outside.fail(f"/register/lamp/{site}", 2)
    outside.answer(f"/register/lamp/{site}", {"serial": 2})
    outside.fail(f"/register/void/{site}", 9)
    assert app.call("PUT", f"/api/sites/{site}", {"devices": DEVICES}).status == 202


def result(site: str) -> dict[str, object]:
    return {"network": "10.0.0.1", "devices": READY, "report": f"2 ready, for {site}"}


def test_children_run_at_once_by_their_own_ids_and_one_that_cannot_holds_up_nobody(app: Victim, outside: Outside) -> None:
    outside.hold(*(f"/register/{device}/calm" for device in DEVICES))
    set_up(app, outside, "calm")
    for device in DEVICES:
        outside.await_request(f"/register/{device}/calm")
        assert app.status(f"calm:{device}")["runtimeStatus"] == "Running"
    outside.release(*(f"/register/{device}/calm" for device in DEVICES))
    assert app.ended("calm")["output"] == result("calm")
    assert [outside.times(f"/{what}/calm") for what in ("register/door", "register/lamp", "register/void")] == [1, 3, 3]
    assert [outside.times(f"/configure/{device}/calm") for device in DEVICES] == [1, 1, 0]
    created = events(app, "calm", Kind.SUB_ORCHESTRATION_CREATED)
    *_, nameless = (each["InstanceId"] for each in created)
    assert [each["InstanceId"] for each in created[:-1]] == ["calm:network"] * 2 + [f"calm:{device}" for device in DEVICES]
    assert nameless.endswith(f":{created[-1]['EventId']}")
    assert app.status(nameless)["output"] == "2 ready, for calm"
    assert ["SUB_ORCHESTRATION_COMPLETED", *["SUB_ORCHESTRATION_CREATED set_up_device"] * 3] in episodes(app, "calm")
    listed = app.call("GET", f"{WEBHOOK}/instances/?instanceIdPrefix=calm:").json
    assert sorted(each["instanceId"] for each in listed) == ["calm:door", "calm:lamp", "calm:network", "calm:void"]


def test_each_retry_is_an_attempt_and_a_pause_in_the_history_of_whoever_retries(app: Victim, outside: Outside) -> None:
    set_up(app, outside, "slow")
    assert app.ended("slow")["output"] == result("slow")
    assert story(app, "slow:lamp")[1:9] == [ATTEMPT, FAILED, *PAUSE, ATTEMPT, FAILED, *PAUSE]
    assert story(app, "slow:void")[1:-1] == [ATTEMPT, FAILED, *PAUSE] * 3  # a last pause, of no length, follows the last failure
    due = [moment_of(each["FireAt"]) - moment_of(each["Timestamp"]) for each in events(app, "slow:void", Kind.TIMER_CREATED)]
    assert due == [timedelta(seconds=30), timedelta(seconds=30), timedelta()]
    child = "SUB_ORCHESTRATION_CREATED set_up_network"
    assert story(app, "slow")[1:7] == [child, "SUB_ORCHESTRATION_FAILED", *PAUSE, child, "SUB_ORCHESTRATION_COMPLETED"]
    assert outside.times("/address/slow") == 2  # the child that is tried again begins at its beginning
    assert story(app, "slow:network").count("TASK_FAILED") == 0  # and what is left of it is the last attempt's


def test_a_family_killed_in_the_middle_ends_as_its_twin(app: Victim, outside: Outside) -> None:
    outside.hold("/register/door/rough", "/configure/lamp/rough")
    set_up(app, outside, "rough")
    outside.await_request("/register/door/rough")
    outside.await_request("/configure/lamp/rough")
    app.kill()
    outside.release("/register/door/rough", "/configure/lamp/rough")
    app.start()
    assert app.ended("rough")["output"] == result("rough")
    assert [outside.times(f"/{what}/rough") for what in ("register/door", "configure/lamp", "register/lamp", "address")] == [2, 2, 3, 2]
    set_up(app, outside, "twin")
    assert app.ended("twin")["output"] == result("twin")
    for child in ("", ":network", ":door", ":lamp", ":void"):
        assert not different(app, "rough", "twin", child)
