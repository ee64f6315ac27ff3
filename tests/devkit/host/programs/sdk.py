"""The SDK's half of an episode, with what it keeps to itself: which task has which number, and which events it has mislaid."""

import dataclasses
import json
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from devkit.host.durable.orchestrator import State, failed, state_of
from devkit.host.durable.sdk import Seen, look, of_task
from devkit.host.failure import Failure


class _Open(defaultdict[Any, Any]):
    """The SDK's open tasks; keeps in mind every number that it gave."""

    def __init__(self) -> None:
        super().__init__(list)
        self.given: dict[int, Any] = {}

    def __setitem__(self, key: Any, task: Any) -> None:
        if isinstance(key, int):
            self.given[key] = task
        super().__setitem__(key, task)


class _Parked(dict[Any, Any]):
    """Completions that nobody waited for: the SDK keeps the last of each name, and never drops it."""

    def __init__(self) -> None:
        super().__init__()
        self.overwritten: set[str] = set()
        self.again: set[str] = set()
        self.used: Counter[str] = Counter()

    def __setitem__(self, key: Any, value: Any) -> None:
        if key in self and isinstance(key, str) and not self.used.pop(key, 0):
            self.overwritten.add(key)
        super().__setitem__(key, value)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            self.used[key] += 1
            if self.used[key] > 1:
                self.again.add(key)
        return super().__getitem__(key)


@dataclass(frozen=True, slots=True)
class Replayed:
    state: State
    given: Mapping[int, Seen]
    lost: set[str] = field(default_factory=set)  # names of events
    again: set[str] = field(default_factory=set)


@contextmanager
def quick() -> Iterator[None]:
    """Three quarters of a short replay's time go into dateutil, which understands times in any shape. The warnings tell of what the
    test finds out by itself."""
    module = sys.modules["azure.durable_functions.models.history.HistoryEvent"]  # the package has a class of this name
    with warnings.catch_warnings(), patch.object(module, "dt_parse", datetime.fromisoformat):
        warnings.filterwarnings("ignore", "Potential duplicate Task completion")
        yield


def replay(program: Callable[[Any], Any], payload: str) -> Replayed:
    context = DurableOrchestrationContext.from_json(payload)
    context.open_tasks, context.deferred_tasks = tasks, parked = _Open(), _Parked()
    try:
        state = state_of(json.loads(Orchestrator(program).handle(context)))
    except Exception as error:
        state = failed(Failure.of(error))
    given = {number: of_task(task) for number, task in tasks.given.items()}
    return Replayed(dataclasses.replace(state, inside=look(context)), given, parked.overwritten, parked.again)
