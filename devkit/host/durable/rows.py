"""What the database's rows mean: instances, messages, activities and entities, and which of them a query asks for."""

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from devkit.host.durable.messages import Event, parsed
from devkit.host.durable.trouble import Damaged

FIRST, AT_ONCE = "", "0"  # values of `visible` that sort before every time: what begins a generation, and what need not wait
ENDED = ("Completed", "Failed", "Terminated", "Canceled")
STATUSES = ("Pending", "Running", "Suspended", *ENDED)


@dataclass(frozen=True, slots=True)
class Parent:
    """Who waits for a sub-orchestration."""

    id: str
    execution: str
    task: int


@dataclass(slots=True)
class Instance:
    """`input`, `output` and `custom_status` are JSON texts; `trace` is the orchestration's traceparent."""

    id: str
    name: str
    execution: str
    status: str
    input: str | None
    output: str | None
    custom_status: str | None
    version: str | None
    trace: str
    parent: Parent | None
    created: str
    updated: str

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is the event as it lies there, to be handed on as it is."""

    n: int
    execution: str | None
    event: Event
    text: str


@dataclass(frozen=True, slots=True)
class Activity:
    n: int
    id: str
    execution: str
    task: int
    name: str
    input: str
    trace: str


@dataclass(frozen=True, slots=True)
class EntityState:
    """A JSON text; None when the entity does not exist."""

    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which instances, in the order of their ids. Statuses are compared without regard to case; none means any."""

    prefix: str = ""
    statuses: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    after: str = ""  # the instance id where the last page ended
    top: int = 100


def instance_of(row: sqlite3.Row) -> Instance:
    """A row that cannot be read is an instance that failed: it says so wherever it is looked at, and does nothing more."""
    found = Instance(*row)
    parent: Any = found.parent
    try:
        if found.status not in STATUSES:
            raise ValueError
        found.parent = parent and Parent(**json.loads(parent))
    except (ValueError, TypeError):
        damage = f"The row of this instance is damaged in the database (parent {parent!r}, status {found.status!r}): purge it."
        return replace(found, parent=None, status="Failed", output=json.dumps(damage))
    return found


def message_of(n: int, execution: str | None, text: str) -> Message:
    """Of the inbox. Raises `Damaged`."""
    try:
        return Message(n, execution, parsed([text])[0], text)
    except ValueError:
        raise Damaged(f"A message to this instance is damaged in the database (row {n} of inbox).", n) from None
