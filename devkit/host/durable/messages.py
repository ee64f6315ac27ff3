"""History events, which are also the messages between instances: one JSON form for storage and for the SDK.

Numbers and fields: HistoryEventType and HistoryEvent in azure-functions-durable."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any

from devkit.host.clock import stamp

Event = dict[str, Any]
OPERATION = "op"  # the name of an event that asks something of an entity


class Kind(IntEnum):
    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


SCHEDULED = {Kind.TASK_SCHEDULED, Kind.SUB_ORCHESTRATION_CREATED, Kind.TIMER_CREATED, Kind.EVENT_SENT}
FINISHED = {Kind.TASK_COMPLETED, Kind.TASK_FAILED, Kind.SUB_ORCHESTRATION_COMPLETED, Kind.SUB_ORCHESTRATION_FAILED, Kind.TIMER_FIRED}
CONTROL = {Kind.EXECUTION_TERMINATED, Kind.EXECUTION_SUSPENDED, Kind.EXECUTION_RESUMED}


def event(kind: Kind, at: datetime, number: int = -1, **fields: Any) -> Event:
    return {"EventType": int(kind), "EventId": number, "IsPlayed": False, "Timestamp": stamp(at), **fields}


def parsed(texts: Sequence[str]) -> list[Event]:
    """Stored events. Raises `ValueError` when there is something else among them."""
    events: list[Event] = json.loads(f"[{','.join(texts)}]")
    if len(events) != len(texts) or not all(isinstance(each, dict) and "EventType" in each for each in events):
        raise ValueError
    return events


def task_of(finished: Event) -> int:
    """The id of the task or timer that an event of `FINISHED` ends."""
    return int(finished["TimerId"] if finished["EventType"] == Kind.TIMER_FIRED else finished["TaskScheduledId"])
