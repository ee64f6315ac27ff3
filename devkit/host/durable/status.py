"""How an instance looks to a client. Source: "HTTP API reference for Durable Functions", get instance status."""

import json
from dataclasses import replace
from typing import Any

from devkit.host.durable.messages import FINISHED, Event, Kind, task_of
from devkit.host.durable.rows import Instance
from devkit.host.durable.trouble import Damaged

NAMES = {
    Kind.EXECUTION_STARTED: "ExecutionStarted",
    Kind.EXECUTION_COMPLETED: "ExecutionCompleted",
    Kind.EXECUTION_TERMINATED: "ExecutionTerminated",
    Kind.TASK_SCHEDULED: "TaskScheduled",
    Kind.TASK_COMPLETED: "TaskCompleted",
    Kind.TASK_FAILED: "TaskFailed",
    Kind.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    Kind.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    Kind.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    Kind.TIMER_CREATED: "TimerCreated",
    Kind.TIMER_FIRED: "TimerFired",
    Kind.EVENT_SENT: "EventSent",
    Kind.EVENT_RAISED: "EventRaised",
    Kind.EXECUTION_SUSPENDED: "ExecutionSuspended",
    Kind.EXECUTION_RESUMED: "ExecutionResumed",
}
HIDDEN = {"EventType", "EventId", "IsPlayed", "TaskScheduledId", "TimerId", "Input", "Version", "ParentInstance", "Result"}
BEGINS = {Kind.TASK_SCHEDULED, Kind.SUB_ORCHESTRATION_CREATED}  # folded into their ends; a timer's creation is not


def status(instance: Instance, *, show_input: bool) -> dict[str, Any]:
    """`output` and `input` are the JSON values themselves; times are cut to whole seconds. Raises `Damaged`."""
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": _value(instance.input) if show_input else None,
        "customStatus": _value(instance.custom_status),
        "output": _value(instance.output),
        "createdTime": f"{instance.created[:19]}Z",
        "lastUpdatedTime": f"{instance.updated[:19]}Z",
    }


def readable(instance: Instance, *, show_input: bool) -> dict[str, Any]:
    """The same within a list, which one damaged row must not break: its output says so."""
    try:
        return status(instance, show_input=show_input)
    except Damaged as damage:
        return status(replace(instance, input=None, custom_status=None, output=json.dumps(str(damage))), show_input=False)


def listed(history: list[Event], *, show_results: bool, show_input: bool) -> list[dict[str, Any]]:
    """What `showHistory` adds: what a task began with is folded into the event that ended it. Results are JSON values, inputs JSON texts,
    as in DurableClient.GetDurableOrchestrationStatusAsync of the extension."""
    begun: dict[int, Event] = {each["EventId"]: each for each in history if each["EventType"] in BEGINS}
    ended = {task_of(each) for each in history if each["EventType"] in FINISHED}
    return [
        _row(each, begun, show_results=show_results, show_input=show_input)
        for each in history
        if each["EventType"] in NAMES and not (each["EventType"] in BEGINS and each["EventId"] in ended)
    ]


def _row(each: Event, begun: dict[int, Event], *, show_results: bool, show_input: bool) -> dict[str, Any]:
    kind = Kind(each["EventType"])
    row = {"EventType": NAMES[kind]} | {name: value for name, value in each.items() if name not in HIDDEN}
    source = each
    if kind in FINISHED and kind != Kind.TIMER_FIRED and (start := begun.get(task_of(each))) is not None:
        source = start
        row |= {"ScheduledTime": start["Timestamp"], "FunctionName": start["Name"]}
    elif kind == Kind.EXECUTION_STARTED:
        row["FunctionName"] = row.pop("Name")
    if show_results and "Result" in each:
        row["Result"] = _value(each["Result"])
    if show_input and "Input" in source:
        row["Input"] = source["Input"]
    return row


def _value(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        raise Damaged("A value of this instance is damaged in the database (input, output or custom status).") from None
