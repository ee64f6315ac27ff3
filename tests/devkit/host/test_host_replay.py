"""The host's half of a replay against the SDK's: the numbers that both allot, without a process between them."""

import json
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import RetryOptions
from azure.durable_functions.orchestrator import Orchestrator

from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.orchestrator import State, payload, state_of
from devkit.host.durable.replay import Mismatch, Replay
from devkit.host.durable.rows import Instance

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Steps = Generator[Any, Any, Any]
Program = Callable[[Any], Steps]


class Run:
    """An orchestrator with its history: `turn` adds events and lets the SDK and the host work out what is new."""

    def __init__(self, program: Program) -> None:
        self._handle = Orchestrator.create(program)
        self._instance = Instance("i", "program", "0" * 32, "Running", None, None, None, None, "", None, "", "")
        self.history: list[Event] = []
        self.now = NOW
        self.turn(event(Kind.EXECUTION_STARTED, NOW, Name="program", Version=None, Input=None))

    def turn(self, *fresh: Event) -> None:
        self.now += timedelta(seconds=1)
        self.history += [event(Kind.ORCHESTRATOR_STARTED, self.now), *fresh]
        text = payload(self._instance, [json.dumps(each) for each in self.history])
        self.state: State = state_of(json.loads(self._handle(text)))
        self.replay = Replay(self.state.actions or [], self.now).over(self.history)
        self.new = {number: Kind(work.kind).name for number, work in self.replay.pending.items()}
        self.history += [event(work.kind, self.now, number, Name=work.name) for number, work in self.replay.pending.items()]
        self.history.append(event(Kind.ORCHESTRATOR_COMPLETED, self.now))

    def completed(self, number: int, value: object = None) -> Event:
        return event(Kind.TASK_COMPLETED, self.now, TaskScheduledId=number, Result=json.dumps(value))

    def failed(self, number: int) -> Event:
        return event(Kind.TASK_FAILED, self.now, TaskScheduledId=number, Reason="failed", Details="")

    def fired(self, number: int) -> Event:
        return event(Kind.TIMER_FIRED, self.now, TimerId=number)


ONCE_MORE = RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=2)


def test_a_task_gets_its_number_when_it_is_first_yielded_and_not_when_it_is_made() -> None:
    def program(context: Any) -> Steps:
        later = context.call_activity("later")
        first = yield context.call_activity("first")
        return [first, (yield later)]

    run = Run(program)
    assert run.new == {0: "TASK_SCHEDULED"}
    run.turn(run.completed(0, "a"))
    assert run.new == {1: "TASK_SCHEDULED"}
    run.turn(run.completed(1, "b"))
    assert (run.replay.ended, run.state.output) == (True, '["a", "b"]')


def test_a_task_that_is_never_yielded_is_never_scheduled() -> None:
    def program(context: Any) -> Steps:
        context.call_activity("forgotten")
        return (yield context.call_activity("first"))

    assert Run(program).new == {0: "TASK_SCHEDULED"}


def test_nested_compounds_are_numbered_from_left_to_right_and_depth_first() -> None:
    def program(context: Any) -> Steps:
        inner = context.task_any([context.call_activity("a"), context.create_timer(NOW)])
        yield context.task_all([inner, context.call_sub_orchestrator("b")])
        return (yield context.call_activity("c"))

    run = Run(program)
    assert run.new == {0: "TASK_SCHEDULED", 1: "TIMER_CREATED", 2: "SUB_ORCHESTRATION_CREATED"}
    run.turn(run.completed(0))
    assert run.new == {}
    run.turn(event(Kind.SUB_ORCHESTRATION_COMPLETED, NOW, TaskScheduledId=2, Result="null"))
    assert run.new == {3: "TASK_SCHEDULED"}


def test_completions_in_any_order_reach_the_task_of_their_number() -> None:
    def program(context: Any) -> Steps:
        return (yield context.task_all([context.call_activity("a"), context.call_activity("b")]))

    run = Run(program)
    run.turn(run.completed(1, "second"))
    run.turn(run.completed(0, "first"))
    assert run.state.output == '["first", "second"]'


def test_a_retry_takes_a_number_for_each_attempt_and_each_wait_the_last_included() -> None:
    def program(context: Any) -> Steps:
        try:
            yield context.call_activity_with_retry("a", ONCE_MORE)
        except Exception:
            return (yield context.call_activity("after"))

    run = Run(program)
    run.turn(run.failed(0))
    assert run.new == {1: "TIMER_CREATED"}
    assert run.replay.pending[1].fire_at == "2026-01-01T00:00:07.000000Z"  # five seconds after this turn
    run.turn(run.fired(1))
    assert run.new == {2: "TASK_SCHEDULED"}
    run.turn(run.failed(2))
    assert run.new == {3: "TIMER_CREATED"}
    assert run.replay.pending[3].fire_at == "2026-01-01T00:00:04.000000Z"  # at once: the SDK waits for this one too
    run.turn(run.fired(3))
    assert run.new == {4: "TASK_SCHEDULED"}
    run.turn(run.completed(4, "done"))
    assert (run.replay.ended, run.state.output) == (True, '"done"')


def test_a_cancelled_timer_counts_as_done_and_an_open_one_holds_the_end_back() -> None:
    def program(cancel: bool) -> Program:
        def steps(context: Any) -> Steps:
            timer = context.create_timer(NOW + timedelta(hours=1))
            yield context.task_any([timer, context.call_activity("a")])
            if cancel:
                timer.cancel()
            return "over"

        return steps

    for cancel in (True, False):
        run = Run(program(cancel))
        run.turn(run.completed(1))
        assert run.state.done
        assert run.replay.ended is cancel


def test_a_timer_beyond_the_longest_is_waited_for_in_pieces() -> None:
    def program(context: Any) -> Steps:
        yield context.create_timer(NOW + timedelta(days=8))
        return (yield context.call_activity("a"))

    run = Run(program)
    assert run.new == {0: "TIMER_CREATED"}
    run.now = NOW + timedelta(days=3)
    run.turn(run.fired(0))
    assert run.new == {1: "TIMER_CREATED"}


def test_an_event_that_comes_early_waits_for_its_waiter_and_names_differ_not_by_case() -> None:
    def program(context: Any) -> Steps:
        yield context.call_activity("a")
        return (yield context.wait_for_external_event("Go"))

    run = Run(program)
    run.turn(event(Kind.EVENT_RAISED, NOW, Name="Go", Input="1"))
    assert [each["Input"] for each in run.replay.unconsumed()] == ["1"]
    run.turn(run.completed(0))
    assert run.replay.unconsumed() == []
    assert (run.replay.ended, run.state.output) == (True, "1")


def test_a_waiter_is_not_an_open_task_but_holds_what_follows_back() -> None:
    def program(context: Any) -> Steps:
        return (yield context.wait_for_external_event("go"))

    run = Run(program)
    assert (run.replay.ended, run.replay.stuck) == (False, False)


def test_the_known_disagreement_of_sdk_and_host_is_noticed() -> None:
    """A failed task_all with a retry still open: the SDK goes on, and its next call has the number of the retry's timer."""

    def program(context: Any) -> Steps:
        try:
            yield context.task_all([context.call_activity_with_retry("slow", ONCE_MORE), context.call_activity("fails")])
        except Exception:
            return (yield context.call_activity("next"))

    run = Run(program)
    run.turn(run.failed(1))
    assert run.new == {}  # the host waits for all of them first
    run.turn(run.failed(0))
    assert run.new == {2: "TIMER_CREATED"}  # and the SDK takes 2 for its call
    run.turn(run.fired(2))
    assert run.state.done and not run.replay.ended


@pytest.mark.parametrize(
    "recorded, said",
    [
        pytest.param(
            event(Kind.TASK_SCHEDULED, NOW, 0, Name="b"), r"has task scheduled number 0 \(b\).*does task scheduled \(a\)", id="a name"
        ),
        pytest.param(event(Kind.TIMER_CREATED, NOW, 0), "has timer created number 0.*now does task scheduled", id="a kind"),
        pytest.param(event(Kind.TASK_SCHEDULED, NOW, 1, Name="a"), "has scheduled nothing there", id="a number"),
    ],
)
def test_a_history_that_the_orchestrator_would_not_have_made_is_refused(recorded: Event, said: str) -> None:
    actions = [{"actionType": 0, "functionName": "a", "input": "null"}]
    with pytest.raises(Mismatch, match=f"Non-Deterministic workflow detected.*{said}"):
        Replay(actions, NOW).over([event(Kind.ORCHESTRATOR_STARTED, NOW), event(Kind.EXECUTION_STARTED, NOW), recorded])


@pytest.mark.parametrize("kind", [10])
def test_what_the_local_host_leaves_out_is_refused_by_name(kind: int) -> None:
    with pytest.raises(Mismatch, match="The local host leaves out"):
        Replay([{"actionType": kind}], NOW).over([event(Kind.ORCHESTRATOR_STARTED, NOW), event(Kind.EXECUTION_STARTED, NOW)])
