"""The host's half of a replay: from a history and the SDK's actions to the work that is new.

The host walks the actions as the orchestrator did and numbers the tasks itself; both sides must come to the same numbers. Retries run
here. An orchestration ends only when its last task has ended. Source: azure-functions-durable-extension, OutOfProcOrchestrationShim;
DurableTask.Core, TaskOrchestrationContext."""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from devkit.host.clock import moment_of, stamp
from devkit.host.durable import http
from devkit.host.durable.messages import FINISHED, OPERATION, SCHEDULED, Event, Kind, task_of
from devkit.host.durable.sdk import Seen
from devkit.host.durable.tasks import Task, drive, end_with

Action = Mapping[str, Any]
CALL, CALL_RETRY, SUB, SUB_RETRY, CONTINUE_AS_NEW, TIMER, EXTERNAL_EVENT, CALL_ENTITY, CALL_HTTP, SIGNAL_ENTITY, ANY, ALL = (
    *range(10), 11, 12,
)  # fmt: skip
LEFT_OUT = {10: "a scheduled signal"}


class Mismatch(Exception):
    """What the orchestrator did and what its history says disagree, or the host cannot do what it asks."""


class NonDeterministic(Mismatch):
    """A task that the history has is not the one that the orchestrator schedules there."""


@dataclass(frozen=True, slots=True)
class Work:
    """A task that was scheduled: its number, the kind of event that records it, and the action it comes from."""

    number: int
    kind: Kind
    action: Action
    fire_at: str = ""
    done: bool = False

    @property
    def seen(self) -> Seen:
        return Seen.of(self.action, pause=self.kind == Kind.TIMER_CREATED and "retryOptions" in self.action)

    @property
    def name(self) -> str:
        if self.kind == Kind.EVENT_SENT:
            return OPERATION
        return http.ACTIVITY if http.is_request(self.action) else str(self.action.get("functionName", ""))

    @property
    def input(self) -> str:
        """Of an activity: a JSON text."""
        return http.text_of(self.action) if http.is_request(self.action) else str(self.action["input"])


@dataclass(slots=True)
class Replay:
    """Run with `over`; then `pending` is the new work, in the order of its numbers."""

    actions: Sequence[Action]
    now: datetime
    pending: dict[int, Work] = field(default_factory=dict)
    open: dict[int, Task] = field(default_factory=dict)
    early: dict[str, list[Event]] = field(default_factory=dict)  # events that nobody waits for yet
    waiting: dict[str, list[Task]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)  # of entities: the request's id -> the task's number
    restart: Action | None = None  # the ContinueAsNew action
    given: dict[int, Work] = field(default_factory=dict)  # all numbers, those of the past too
    awaited: int | None = None  # the place of the action that is waited for; None when all have been invoked
    failed_all: bool = False  # whether something within a task_all has failed
    _number: int = 0

    def over(self, history: Iterable[Event]) -> "Replay":
        for each in history:
            kind = each["EventType"]
            if kind == Kind.ORCHESTRATOR_STARTED:
                self.now = max(self.now, moment_of(each["Timestamp"]))
            elif kind == Kind.EXECUTION_STARTED:
                drive(self._main())
            elif kind in SCHEDULED:
                self._strike(each)
            elif kind in FINISHED:
                if (task := self.open.pop(task_of(each), None)) is not None:
                    task.end(failed=kind in (Kind.TASK_FAILED, Kind.SUB_ORCHESTRATION_FAILED))
            elif kind == Kind.EVENT_RAISED:
                self._raise(each)
        return self

    @property
    def ended(self) -> bool:
        return self.awaited is None and not self.open

    @property
    def stuck(self) -> bool:
        """Nothing is open and no event is awaited: nothing can happen any more, whatever is left to do."""
        return not self.open and not any(self.waiting.values())

    def unconsumed(self) -> list[Event]:
        return [each for events in self.early.values() for each in events]

    def _main(self) -> Generator[Task, None, None]:
        for place, action in enumerate(self.actions):
            self.awaited = place
            yield self._invoke(action)
        self.awaited = None

    def _invoke(self, action: Action) -> Task:
        kind = action["actionType"]
        task = Task()
        if kind in (CALL, CALL_HTTP, SUB):
            task = self._schedule(Kind.SUB_ORCHESTRATION_CREATED if kind == SUB else Kind.TASK_SCHEDULED, action)
        elif kind in (CALL_RETRY, SUB_RETRY):
            drive(self._retry(action, task))
        elif kind == TIMER:
            cancelled = bool(action.get("isCanceled") or action.get("isCancelled"))
            task = self._schedule(Kind.TIMER_CREATED, action, stamp(moment_of(action["fireAt"])), done=cancelled)
        elif kind in (CALL_ENTITY, SIGNAL_ENTITY):
            task = self._schedule(Kind.EVENT_SENT, action, done=kind == SIGNAL_ENTITY)
        elif kind == EXTERNAL_EVENT:
            self._await_event(action["externalEventName"].lower(), task)
        elif kind in (ANY, ALL):
            children = [self._invoke(child) for child in action["compoundActions"]]
            for child in children if kind == ALL else ():
                child.then(partial(self._look_at, child, task, action))
            end_with(children, len(children) if kind == ALL else 1, task)
        elif kind == CONTINUE_AS_NEW:
            self.restart = action
            task.end()
        else:
            raise Mismatch(f"The local host leaves out {LEFT_OUT.get(kind, f'action type {kind}')}: run this app with the Core Tools.")
        return task

    def _schedule(self, kind: Kind, action: Action, fire_at: str = "", *, done: bool = False) -> Task:
        """`done`: nobody waits for it, as for a signal or a timer that was cancelled."""
        number, task = self._number, Task()
        self._number += 1
        self.pending[number] = self.given[number] = Work(number, kind, action, fire_at, done)
        if done:
            task.end()
        else:
            self.open[number] = task
        return task

    def _retry(self, action: Action, whole: Task) -> Generator[Task, None, None]:
        """Attempt, wait, attempt ...; a wait follows the last failure too, and takes a number like any other."""
        options = action["retryOptions"]
        pause = options["firstRetryIntervalInMilliseconds"]
        kind = Kind.TASK_SCHEDULED if action["actionType"] == CALL_RETRY else Kind.SUB_ORCHESTRATION_CREATED
        attempts = options["maxNumberOfAttempts"]
        for attempt in range(1, attempts + 1):
            task = self._schedule(kind, action)
            yield task
            if not task.failed:
                whole.end()
                return
            yield self._schedule(Kind.TIMER_CREATED, action, stamp(self._after(pause) if attempt < attempts else self.now))
        whole.end(failed=True)

    def _after(self, milliseconds: float) -> datetime:
        try:
            return self.now + timedelta(milliseconds=milliseconds)
        except OverflowError:
            raise Mismatch(f"A retry is to come in {milliseconds:g} ms, and no calendar goes so far: shorten its interval.") from None

    def _look_at(self, child: Task, whole: Task, action: Action) -> None:
        whole.failed |= child.failed
        self.failed_all |= child.failed and not is_retry(action)

    def _await_event(self, name: str, task: Task) -> None:
        if early := self.early.get(name):
            early.pop(0)
            task.end()
        else:
            self.waiting.setdefault(name, []).append(task)

    def _raise(self, raised: Event) -> None:
        name = raised["Name"].lower()
        if (call := self.calls.pop(name, None)) is not None:
            if (task := self.open.pop(call, None)) is not None:
                task.end(failed="exceptionType" in json.loads(raised["Input"]))
        elif waiting := self.waiting.get(name):
            waiting.pop().end()  # the latest waiter first, as the extension does
        else:
            self.early.setdefault(name, []).append(raised)

    def _strike(self, recorded: Event) -> None:
        number, kind = recorded["EventId"], Kind(recorded["EventType"])
        work = self.pending.pop(number, None)
        was = f"{kind.name.replace('_', ' ').lower()} number {number}" + (f" ({recorded['Name']})" if recorded.get("Name") else "")
        if work is None:
            raise NonDeterministic(
                f"Non-Deterministic workflow detected: the history has {was}, and the orchestrator has scheduled nothing there.{CHANGED}"
            )
        if kind == Kind.EVENT_SENT and not work.done:
            self.calls[json.loads(recorded["Input"])["id"]] = number
        if work.kind != kind or (recorded.get("Name") and recorded["Name"].lower() != work.name.lower()):
            now = f"{work.kind.name.replace('_', ' ').lower()} ({work.name})"
            raise NonDeterministic(
                f"Non-Deterministic workflow detected: the history has {was}, and the orchestrator now does {now}.{CHANGED}"
            )


def is_retry(action: Action) -> bool:
    """Whether it is what the SDK wraps every call with retries in."""
    children = action["compoundActions"]
    return len(children) == 1 and children[0]["actionType"] in (CALL_RETRY, SUB_RETRY)


CHANGED = " Was the orchestrator changed while this instance ran? Terminate it, or bring the old code back."
