"""The spans of the Durable extension's V2 tracing, made from what is stored: they are the same however often a step is repeated.

An orchestration is one span for its whole life. A task is a client span, from its scheduling to its result, and below it the server span of
what ran. Source: "Distributed tracing in Durable Functions"; TraceHelper in DurableTask.Core."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from devkit.host.clock import moment_of
from devkit.host.durable import trace
from devkit.host.durable.messages import FINISHED, SCHEDULED, Event, Kind, task_of
from devkit.host.durable.rows import Activity, Instance
from devkit.host.spans import Span

SCOPE = "DurableTask.Core"
FAILED = (Kind.TASK_FAILED, Kind.SUB_ORCHESTRATION_FAILED)


def server(client: str) -> str:
    """The span of what runs for a client span."""
    return f"{client[:36]}{hashlib.sha256(f'{client}/server'.encode()).hexdigest()[:16]}{client[52:]}"


def parent_context(traceparent: str) -> dict[str, Any]:
    """As it is stored in ExecutionStarted and TaskScheduled."""
    return {"TraceParent": traceparent, "SpanId": traceparent[36:52]}


def creation(name: str, version: str | None, id: str, *, context: str, parent: str | None, at: datetime) -> Span:
    """Of a client's start of an orchestration."""
    return Span(
        name=_named("create_orchestration", name, version), kind="producer", context=context, parent=parent, start=at, end=at, scope=SCOPE,
        attributes=_attributes("orchestration", name, id, version),
    )  # fmt: skip


def orchestration(instance: Instance, first: Event, end: datetime) -> Span:
    """Of an instance that has ended; `first` is its ExecutionStarted."""
    attributes = _attributes("orchestration", instance.name, instance.id, instance.version)
    return Span(
        name=_named("orchestration", instance.name, instance.version), kind="server", context=instance.trace,
        parent=(first.get("ParentTraceContext") or {}).get("TraceParent"), start=moment_of(instance.created), end=end, scope=SCOPE,
        failed=instance.status == "Failed",
        attributes=attributes | {"durabletask.task.execution_id": instance.execution, "durabletask.task.status": instance.status},
    )  # fmt: skip


def activity(row: Activity, begun: datetime, end: datetime, *, failed: bool) -> Span:
    """Of one execution of an activity; `row.trace` is the client span's."""
    attributes = _attributes("activity", row.name, row.id, None) | {"durabletask.task.task_id": row.task}
    return Span(
        name=f"activity:{row.name}", kind="server", context=server(row.trace), parent=row.trace, start=begun, end=end, scope=SCOPE,
        failed=failed, attributes=attributes,
    )  # fmt: skip


def finished(instance: Instance, history: Iterable[Event], fresh: Iterable[Event]) -> list[Span]:
    """Of the tasks and timers that `fresh` events end."""
    ends = {task_of(each): each for each in fresh if each["EventType"] in FINISHED}
    if not ends:
        return []
    return [
        _task(instance, each, ends[each["EventId"]])
        for each in history
        if each["EventType"] in SCHEDULED and each["EventId"] in ends
    ]  # fmt: skip


def _task(instance: Instance, scheduled: Event, end: Event) -> Span:
    kind, number = Kind(scheduled["EventType"]), scheduled["EventId"]
    context = trace.child(instance.trace, instance.execution, number)
    start, finish = moment_of(scheduled["Timestamp"]), moment_of(end["Timestamp"])
    more = {"durabletask.task.task_id": number}
    if kind == Kind.TIMER_CREATED:
        more |= {"durabletask.fire_at": scheduled["FireAt"]}
        attributes = _attributes("timer", instance.name, instance.id, instance.version) | more
        name = f"{_named('orchestration', instance.name, instance.version)}:timer"
        return Span(
            name=name, kind="internal", context=context, parent=instance.trace, start=start, end=finish, scope=SCOPE, attributes=attributes
        )
    what = "activity" if kind == Kind.TASK_SCHEDULED else "orchestration"
    version = scheduled.get("Version")
    return Span(
        name=_named(what, scheduled["Name"], version), kind="client", context=context, parent=instance.trace, start=start, end=finish,
        scope=SCOPE, failed=end["EventType"] in FAILED,
        attributes=_attributes(what, scheduled["Name"], instance.id, version) | more,
    )  # fmt: skip


def _named(what: str, name: str, version: str | None) -> str:
    return f"{what}:{name}@({version})" if version else f"{what}:{name}"


def _attributes(kind: str, name: str, id: str, version: str | None) -> dict[str, Any]:
    attributes = {"durabletask.type": kind, "durabletask.task.name": name, "durabletask.task.instance_id": id}
    return attributes | ({"durabletask.task.version": version} if version else {})
