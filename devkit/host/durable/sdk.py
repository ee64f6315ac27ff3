"""What the SDK keeps to itself: which number it gave to which task. It does not say so, and Azure's host never learns when the two differ.

The app runs in this process, so the context of an orchestrator's run can be looked at when the run is over; all that is changed in it is
that its dictionary of early events takes notes.
Source: DurableOrchestrationContext.open_tasks and RetryAbleTask in azure-functions-durable 1.x."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from devkit.host.durable import http

EXTERNAL_EVENT = 6  # the type of the action
PAUSE = "-WithRetry timer"  # how the SDK marks the wait between two attempts
_contexts: dict[str, Any] = {}  # by the instance's id: of one instance there is one run at a time


@dataclass(frozen=True, slots=True)
class Seen:
    """A task as both sides know it. `input` tells calls of one function apart, and is for no log: it may be anything."""

    text: str
    input: str = field(repr=False, default="")

    @classmethod
    def of(cls, action: Mapping[str, Any], *, pause: bool = False) -> Self:
        """`pause`: not the action itself, but the wait between two attempts at it."""
        if pause:
            return cls(f"the pause of {action['functionName']}'s retry")
        if http.is_request(action):
            return cls("the HTTP request", http.text_of(action))
        if "fireAt" in action:
            return cls(f"the timer for {action['fireAt']}")
        return cls(f"the call of {action.get('functionName') or action['instanceId']}", json.dumps(action.get("input")))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Inside:
    """`open`: the number of each task that has not ended; `awaits`: the names of events that it still waits for; `again` and `lost`: the
    names of those that came early and were handed out more than once, or never."""

    open: Mapping[int, Seen] = field(default_factory=dict)
    awaits: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


class Parked(dict[int | str, Any]):
    """Completions that nobody waited for when they came: the SDK keeps the last of each key, and never drops it."""

    def __init__(self) -> None:
        super().__init__()
        self.again: set[str] = set()
        self.lost: set[str] = set()
        self._handed_out: Counter[str] = Counter()  # how often, of each name's present event

    def __setitem__(self, key: int | str, complete: Any) -> None:
        if isinstance(key, str) and key in self and not self._handed_out.pop(key, 0):
            self.lost.add(key)
        super().__setitem__(key, complete)

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            self._handed_out[key] += 1
            if self._handed_out[key] > 1:
                self.again.add(key)
        return super().__getitem__(key)


@cache
def watch() -> None:
    """Keep each context that is made from now on, until `inside` takes it."""
    # not at the top: an app without orchestrators need not have the package
    from azure.durable_functions.models import DurableOrchestrationContext

    make = DurableOrchestrationContext.from_json

    def made(text: str) -> Any:
        context = make(text)
        context.deferred_tasks = Parked()
        _contexts[context.instance_id] = context
        return context

    DurableOrchestrationContext.from_json = staticmethod(made)  # type: ignore[method-assign, assignment]


def inside(instance: str) -> Inside:
    """As the last run left it; nothing when it did not come as far as to have a context."""
    context = _contexts.pop(instance, None)
    return Inside() if context is None else look(context)


def look(context: Any) -> Inside:
    """Of a context that `watch` has seen. Numbers are keys of tasks, names of events; an entity's answer has a key of its own, and
    several tasks may wait for one event."""
    tasks, awaits = {}, set()
    for key, task in context.open_tasks.items():
        if isinstance(key, int):
            if not isinstance(task, list):
                tasks[key] = of_task(task)
        elif any(each.action_repr.action_type == EXTERNAL_EVENT for each in (task if isinstance(task, list) else [task])):
            awaits.add(key)
    parked = context.deferred_tasks
    return Inside(tasks, frozenset(awaits), frozenset(parked.again), frozenset(parked.lost))


def of_task(task: Any) -> Seen:
    retried = getattr(task.parent, "retry_options", None) is not None
    action = task.parent.actions if retried else task.action_repr
    return Seen.of(action.to_json(), pause=getattr(task.action_repr, "metadata", None) == PAUSE)
