"""The SDK's half of an episode: the payload as the extension sends it, the state as the SDK answers it, also from within an exception."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import azure.functions as func
from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.models.history import HistoryEvent
from azure.durable_functions.orchestrator import Orchestrator

import orchestrators
from devkit.host.durable import quicker
from devkit.host.durable.messages import Event

quicker.install()

State = dict[str, Any]
ORCHESTRATORS: Mapping[str, Any] = {
    name: getattr(getattr(orchestrators, name), name).build().get_user_function()
    for name in orchestrators.__all__
    if name not in ("bp", "import_desk", "waiting_room")
}


def ask(name: str, given: dict[str, Any], instance: str, history: Sequence[Event]) -> State:
    """By a replay of the whole history."""
    return _state(lambda: ORCHESTRATORS[name](func.OrchestrationContext(_payload(given, instance, history))))


class Generation:
    """Replayed once, when it begins; its orchestrator stays where it is between the episodes, and is handed what is new. So many episodes
    cost no more than their events; whoever plays one must `ask` at its end for the same state, as Azure does each time."""

    def __init__(self, name: str, given: dict[str, Any], instance: str) -> None:
        self._orchestrator = Orchestrator(ORCHESTRATORS[name].orchestrator_function)
        self._given, self._instance = given, instance
        self._seen = 0  # events of the history

    def ask(self, history: Sequence[Event]) -> State:
        fresh, first = history[self._seen :], self._seen == 0
        self._seen = len(history)
        if first:
            context = DurableOrchestrationContext.from_json(_payload(self._given, self._instance, fresh))
            return _state(lambda: self._orchestrator.handle(context))
        executor = self._orchestrator.task_orchestration_executor
        for each in fresh:
            if not executor.has_execution_completed:
                executor.process_event(HistoryEvent(**each))
        return _state(executor.get_orchestrator_state_str)


def _payload(given: dict[str, Any], instance: str, history: Sequence[Event]) -> str:
    return json.dumps(
        {
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
    )


def _state(answer: Callable[[], str]) -> State:
    try:
        text = answer()
    except Exception as error:
        text = str(error).partition("$OutOfProcData$:")[2]
        assert text, error
    state: State = json.loads(text)
    return state
