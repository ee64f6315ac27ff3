"""The SDK's half of an episode, with what it keeps to itself: which task has which number, those that have ended too."""

import dataclasses
import json
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest.mock import patch

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from devkit.host.durable.orchestrator import State, failed, state_of
from devkit.host.durable.sdk import Parked, Seen, look, of_task
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


@dataclass(frozen=True, slots=True)
class Replayed:
    state: State
    given: Mapping[int, Seen]


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
    context.open_tasks, context.deferred_tasks = (tasks := _Open()), Parked()
    try:
        state = state_of(json.loads(Orchestrator(program).handle(context)))
    except Exception as error:
        state = failed(Failure.of(error))
    given = {number: of_task(task) for number, task in tasks.given.items()}
    return Replayed(dataclasses.replace(state, inside=look(context)), given)
