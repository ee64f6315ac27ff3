"""Play an orchestrator in the SDK's own replay engine, without mocks: weeks pass in milliseconds.

Each episode replays the whole history, as in Azure; the host's half (`devkit.host.durable.replay`) numbers the tasks and refuses a history
that the orchestrator no longer follows. Answers of activities and children are scripted by name; one may be a function of the input."""

import heapq
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func

import orchestrators
from devkit.host.clock import moment_of, stamp
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.replay import Replay, Work

T0 = datetime(2026, 1, 1, tzinfo=UTC)
CALL_TAKES = timedelta(milliseconds=10)
MOST_EPISODES = 400

Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any]]
ORCHESTRATORS: Mapping[str, Any] = {
    name: getattr(getattr(orchestrators, name), name).build().get_user_function()
    for name in ("publish_to_target", "record_rejected_event", "replicate_image_event")
}


@dataclass
class Played:
    """`timers`: how long each slept, in order; `calls`: names and inputs of activities and children."""

    output: Any = None
    error: str | None = None
    timers: list[timedelta] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)
    took: timedelta = timedelta()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def slept(self) -> list[float]:
        return [round(timer.total_seconds(), 3) for timer in self.timers]


class Script:
    """What is answered to whom; the last answer of a name repeats."""

    def __init__(self, answers: Mapping[str, list[Answer] | Answer]) -> None:
        self._answers: dict[str, list[Answer]] = {
            name: list(given) if isinstance(given, list) else [given] for name, given in answers.items()
        }

    def answer(self, name: str, given: dict[str, Any]) -> dict[str, Any] | Exception:
        assert name in self._answers, f"{name} was called, and the script has no answer"
        left = self._answers[name]
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer(given) if callable(answer) else answer


def play(name: str, given: dict[str, Any], *, instance: str = "team!app:v1~0123456789abcdef", **answers: Any) -> Played:
    """Until it ends. Fails the test when it never does."""
    script, played, now = Script(answers), Played(), T0
    due: list[tuple[datetime, int, Event]] = []
    fresh = [event(Kind.EXECUTION_STARTED, now, Name=name, Version="1.0", Input=json.dumps(given))]
    for episode in range(MOST_EPISODES):
        played.history += [event(Kind.ORCHESTRATOR_STARTED, now), *fresh]
        state = ask(name, given, instance, played.history)
        if state.get("customStatus") not in (None, *played.statuses[-1:]):
            played.statuses.append(state["customStatus"])
        replay = Replay(state["actions"][0], now).over(played.history)
        for work in replay.pending.values():
            played.history.append(_scheduled(work, now))
            if not work.cancelled:
                at, ended = _ended(work, now, script, played)
                heapq.heappush(due, (at, episode * 1000 + work.number, ended))
        if replay.ended and (state["isDone"] or state.get("error")):
            played.output, played.error, played.took = state.get("output"), state.get("error"), now - T0
            return played
        assert due, "the orchestration waits for nothing that could come"
        now, _, ended = heapq.heappop(due)
        played.history.append(event(Kind.ORCHESTRATOR_COMPLETED, now))
        fresh = [ended]
    raise AssertionError(f"no end after {MOST_EPISODES} episodes: {played.names[-12:]}")


def ask(name: str, given: dict[str, Any], instance: str, history: Sequence[Event]) -> dict[str, Any]:
    """One episode: the payload as the extension sends it, the state as the SDK answers it, also from within an exception."""
    payload = {
        "history": list(history),
        "input": json.dumps(given),
        "instanceId": instance,
        "isReplaying": False,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "maximumShortTimerDuration": "6.00:00:00",
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    try:
        text = ORCHESTRATORS[name](func.OrchestrationContext(json.dumps(payload)))
    except Exception as error:
        text = str(error).partition("$OutOfProcData$:")[2]
        assert text, error
    state: dict[str, Any] = json.loads(text)
    return state


def _scheduled(work: Work, now: datetime) -> Event:
    if work.kind == Kind.TIMER_CREATED:
        return event(work.kind, now, work.number, FireAt=work.fire_at)
    return event(work.kind, now, work.number, Name=work.name)


def _ended(work: Work, now: datetime, script: Script, played: Played) -> tuple[datetime, Event]:
    """When, and how."""
    if work.kind == Kind.TIMER_CREATED:
        at = moment_of(work.fire_at)
        played.timers.append(at - now)
        return at, event(Kind.TIMER_FIRED, at, TimerId=work.number, FireAt=stamp(at))
    child = work.kind == Kind.SUB_ORCHESTRATION_CREATED
    given = work.action["input"]
    given = json.loads(given) if isinstance(given, str) else given
    played.calls.append((work.name, given))
    if child:
        played.children.append(work.action["instanceId"])
    answer = script.answer(work.name, given)
    takes = timedelta(seconds=answer.pop("after", 0)) if isinstance(answer, dict) else timedelta()
    at = now + CALL_TAKES + takes
    if isinstance(answer, Exception):
        kind = Kind.SUB_ORCHESTRATION_FAILED if child else Kind.TASK_FAILED
        return at, event(kind, at, TaskScheduledId=work.number, Reason=f"'{work.name}' failed: {answer}", Details="")
    kind = Kind.SUB_ORCHESTRATION_COMPLETED if child else Kind.TASK_COMPLETED
    return at, event(kind, at, TaskScheduledId=work.number, Result=json.dumps(answer))
