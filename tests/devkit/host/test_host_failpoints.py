"""The walk of `make crash`, a few steps of it; and that it would notice."""

from collections.abc import Callable
from typing import Any

import pytest

from devkit.host.failpoints import FAIL_AT, Kill
from devkit.host.problem import Problem
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.crash.end import canonical
from tests.devkit.host.crash.walk import Step, Undisturbed, killed_at, treated, undisturbed


@pytest.fixture(scope="module")
def wanted() -> Undisturbed:
    return undisturbed()


def test_every_kind_of_write_and_of_call_has_its_points(wanted: Undisturbed) -> None:
    writes = ("schema", "start", "event", "signal", "control", "purge", "episode", "controlled", "entity", "result", "timer")
    calls = ("http", "eventGrid", "timer", "orchestration", "activity", "entity")
    points = {f"{what}.{when}" for what in writes for when in ("before_commit", "in_commit", "after_commit")}
    assert points | {f"{what}.{when}" for what in calls for when in ("before_call", "after_call")} <= wanted.points.keys()


def test_the_undisturbed_program_comes_to_what_it_should(wanted: Undisturbed) -> None:
    results = {line.partition(" version=")[0] for line in wanted.end}
    assert {
        "entity @tally@accountant: 321",
        'entity @register@guests: ["guest 1", "guest 2"]',
        'instance eternal: name=eternal status=Completed input="{\\"generation\\": 3}" output="done" custom_status={"generation": 3}',
        "instance clocked: name=clocked status=Completed input={} output=[true, true] custom_status=None",
        "instance held: name=listener status=Completed input={} output=[1, 2] custom_status=None",
        'instance stopped: name=listener status=Terminated input={} output="enough" custom_status=None',
    } <= results, wanted.end


@pytest.mark.parametrize("step", [Step("start.after_commit", 5), Step("episode.in_commit", 9), Step("activity.after_call", 4)], ids=str)
def test_killed_there_the_program_comes_to_the_same_end(wanted: Undisturbed, step: Step) -> None:
    outcome = killed_at(step, wanted, None)
    assert outcome.reached and not outcome.trouble, outcome.trouble


def each(number: int, kind: int = 4, **more: Any) -> dict[str, Any]:
    return {"EventType": kind, "EventId": number, "Timestamp": f"2026-01-01T00:00:0{number}Z", **more}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda history: history[:-1], id="an event is missing"),
        pytest.param(lambda history: [*history, history[-1]], id="a completion lies there twice"),
        pytest.param(lambda history: [*history[:-1], {**history[-1], "Result": "2"}], id="another result"),
    ],
)
def test_the_comparison_notices(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    history = [each(0), each(1), each(2, 5, TaskScheduledId=1, Result="1")]
    assert canonical(history) == canonical(history[::-1])
    assert canonical(change(history)) != canonical(history)


@pytest.mark.parametrize("text", ["episode.in_commit", "episode.in_commit:0", ":"])
def test_a_point_without_its_number_is_one_sentence(make_host: MakeHost, text: str) -> None:
    with pytest.raises(Problem, match=r"write a point and which time"):
        Kill(text)
    if text.endswith("commit"):
        assert make_host(settings={FAIL_AT: text}).refusal().startswith(f"{FAIL_AT} is {text!r}")


def test_on_an_unkind_host_the_program_comes_to_the_same_end(wanted: Undisturbed) -> None:
    assert treated("twice=0.5,delay=1,reorder,uncommitted=0.5", wanted) == ""
