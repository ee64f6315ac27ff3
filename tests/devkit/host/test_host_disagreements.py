"""What the host says when the SDK and Azure's host disagree: it fails the instance, or warns once, by the rule's name."""

from collections.abc import Iterator
from functools import partial

import pytest

from devkit.host.durable import rules
from devkit.host.durable.messages import Kind
from devkit.host.durable.rules import Rule
from tests.devkit.host.running import APPS, WEBHOOK, Host, eventually


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    running = Host(APPS / "apart", tmp_path_factory.mktemp("apart")).start()
    yield running
    assert running.stop() == 0


def begin(host: Host, orchestrator: str) -> str:
    """The instance is called like its orchestrator."""
    assert host.call("POST", f"{WEBHOOK}/orchestrators/{orchestrator}/{orchestrator}", {}).status == 202
    return orchestrator


def tell(host: Host, instance: str, *events: str) -> None:
    """Raise them one after the other; each brings its place in the row. The instance may have yet to begin."""

    def raised(name: str, value: int) -> bool:
        return host.call("POST", f"{WEBHOOK}/instances/{instance}/raiseEvent/{name}", value).status == 202

    for place, name in enumerate(events):
        eventually(partial(raised, name, place), name)


def said(host: Host, instance: str, words: str) -> list[str]:
    return [line for line in host.log.read_text().splitlines() if f" {instance}: " in f" {line}" and words in line]


def warned(host: Host, instance: str, rule: Rule) -> str:
    eventually(lambda: said(host, instance, f"[{rule.name}]"), f"a warning of {rule.name}")
    (line,) = said(host, instance, f"[{rule.name}]")
    assert rule.azure in line and rule.instead in line
    return line


def failure_seen(host: Host, instance: str) -> None:
    """By the orchestrator: the pause before the next attempt has its number."""
    failed = {Kind.TASK_FAILED, Kind.SUB_ORCHESTRATION_FAILED}
    eventually(lambda: any(each["EventType"] in failed for each in host.history(instance)), "the failure")


@pytest.mark.parametrize(
    "orchestrator, events, rule",
    [
        ("all_beside_retry", [], rules.TASK_ALL_SHIFTS),
        ("sent_twice", [], rules.SENT_TWICE),
        ("waits_twice", ["go", "begin"], rules.EVENT_AGAIN),
        ("yields_nothing", [], rules.HANGS),
    ],
)
def test_where_azure_hangs_or_mixes_results_up_the_instance_fails_by_the_rule(
    host: Host, orchestrator: str, events: list[str], rule: Rule
) -> None:
    instance = begin(host, orchestrator)
    tell(host, instance, *events)
    ended = host.ended(instance)
    assert ended["runtimeStatus"] == "Failed"
    assert f"[{rule.name}]" in ended["output"] and rule.azure in ended["output"] and rule.instead in ended["output"]


def test_numbers_that_moved_are_explained_where_a_loop_runs_beside_a_retry(host: Host) -> None:
    instance = begin(host, "loop_beside_retry")
    tell(host, instance, "one")
    tell(host, f"{instance}~child", "fail")
    failure_seen(host, instance)
    tell(host, instance, "two")
    output = host.ended(instance)["output"]
    assert "Non-Deterministic workflow detected" in output and f"[{rules.LOOP_SHIFTS.name}]" in output


def test_numbers_that_moved_are_explained_where_a_timer_was_cancelled(host: Host) -> None:
    instance = begin(host, "cancel_beside_retry")
    failure_seen(host, instance)
    tell(host, instance, "go")
    output = host.ended(instance)["output"]
    assert "Non-Deterministic workflow detected" in output and f"[{rules.CANCEL_SHIFTS.name}]" in output


@pytest.mark.parametrize(
    "orchestrator, before, rule, after, output",
    [
        ("all_waits", [], rules.TASK_ALL_WAITS, ["other", "go"], "next"),
        ("joined", ["one", "two"], rules.JOIN_WAITS, ["other", "three"], "next"),
        ("waits_once", ["go", "go"], rules.EVENT_LOST, ["other", "begin"], 1),
        ("waits_once", ["begin", "GO"], rules.EVENT_CASE, ["other", "go"], 1),
    ],
)
def test_where_azure_is_late_or_loses_an_event_the_host_does_the_same_and_warns_once(
    host: Host, orchestrator: str, before: list[str], rule: Rule, after: list[str], output: object
) -> None:
    instance = begin(host, orchestrator)
    tell(host, instance, *before)
    warned(host, instance, rule)
    tell(host, instance, *after)
    assert host.ended(instance)["output"] == output
    warned(host, instance, rule)


def test_an_event_that_served_two_waits_is_named_where_azure_would_have_run_on(host: Host) -> None:
    instance = begin(host, "waits_twice")
    tell(host, instance, "go", "go", "begin")
    assert host.ended(instance)["output"] == [1, 1]
    warned(host, instance, rules.EVENT_TWICE)


def test_two_events_for_two_waits_are_no_disagreement_however_far_the_host_lags_behind(host: Host) -> None:
    instance = begin(host, "waits_behind")
    failure_seen(host, instance)
    tell(host, instance, "go", "go", "late", "begin")
    assert host.ended(instance)["output"] == [0, 1]
    assert not said(host, instance, f"[{rules.EVENT_TWICE.name}]")


def test_a_timer_that_holds_the_end_back_is_named(host: Host) -> None:
    instance = begin(host, "leaves_a_timer")
    assert "the timer for" in warned(host, instance, rules.TIMER_LEFT)
    assert host.status(instance)["runtimeStatus"] == "Running"


@pytest.mark.parametrize(
    "orchestrator, events, error, hint",
    [
        ("nested_all", ["go"], "does not have pending sub-task", "A task_all inside another compound failed"),
        ("yields_a_list", [], "'list' object has no attribute '_is_scheduled'", "yield context.task_all([...])"),
        ("all_of_nothing", [], "'NoneType' object is not iterable", "task_all over an empty list"),
        ("unknown_child", [], "'nobody' does not exist", "Register it, or correct the name"),
    ],
)
def test_an_error_of_the_sdks_is_explained(host: Host, orchestrator: str, events: list[str], error: str, hint: str) -> None:
    instance = begin(host, orchestrator)
    if events:
        failure_seen(host, instance)
        tell(host, instance, *events)
    ended = host.ended(instance)
    assert (ended["runtimeStatus"], error in ended["output"]) == ("Failed", True)
    assert said(host, instance, hint)
