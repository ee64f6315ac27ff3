"""Ask an orchestrator what it does now: the payload that goes in, and the state that comes out.

Source: DurableOrchestrationContext.from_json, OrchestratorState and TaskOrchestrationExecutor in azure-functions-durable."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.durable import quicker
from devkit.host.durable.replay import Action
from devkit.host.durable.rows import Instance
from devkit.host.durable.sdk import Inside, inside, watch
from devkit.host.durable.trouble import Damaged
from devkit.host.failure import OUT_OF_PROCESS, Failure
from devkit.host.functions import Function
from devkit.host.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`output` and `custom_status` are JSON texts; without `actions` there is nothing to replay and `error` is final."""

    actions: list[Action] | None
    done: bool = False
    output: str | None = None
    custom_status: str | None = None
    error: str | None = None
    inside: Inside = field(default_factory=Inside)


async def ask(worker: Worker, function: Function, instance: Instance, history: Sequence[str]) -> State:
    watch()
    quicker.install()
    answer = await worker.call(function, Datum(payload(instance, history), "string"), {}, instance.trace)
    seen = inside(instance.id)
    if answer.failure is not None:
        return replace(failed(answer.failure), inside=seen)
    if answer.datum is None:
        return State(actions=None, error="the function returned nothing")
    return replace(state_of(json.loads(answer.datum.value)), inside=seen)


def payload(instance: Instance, history: Sequence[str]) -> str:
    """The history is pasted, not parsed: it is JSON already, and may be long. Raises `Damaged`."""
    try:
        value = None if instance.input is None else json.loads(instance.input)
    except ValueError:
        raise Damaged("The input of this instance is damaged in the database.") from None
    rest = {
        "input": value,
        "instanceId": instance.id,
        "isReplaying": False,
        "parentInstanceId": None if instance.parent is None else instance.parent.id,
        # both numbers, as extension 2.x and 3.x send them: together they mean schema V3, the one with long timers
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "maximumShortTimerDuration": "6.00:00:00",
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    return f'{{"history":[{",".join(history)}],{json.dumps(rest)[1:]}'


def failed(failure: Failure) -> State:
    """An orchestrator that raised sends its state behind a marker in the message, so that its actions can be replayed first."""
    message, marker, rest = failure.message.partition(f"\n\n{OUT_OF_PROCESS}")
    try:
        return state_of(json.loads(rest)) if marker else State(actions=None, error=message)
    except ValueError:
        return State(actions=None, error=message)


def state_of(state: dict[str, Any]) -> State:
    return State(
        actions=[action for group in state["actions"] for action in group],
        done=bool(state.get("isDone")),
        output=json.dumps(state["output"]) if "output" in state else None,
        custom_status=json.dumps(state["customStatus"]) if "customStatus" in state else None,
        error=state.get("error"),
    )
