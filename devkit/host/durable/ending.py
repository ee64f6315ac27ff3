"""Terminate, suspend and resume, and the end of an instance however it came: written within the caller's transaction, without a replay.

Source: "Manage instances in Durable Functions"."""

import json
from datetime import datetime

from devkit.host.clock import stamp
from devkit.host.durable.messages import Kind, event
from devkit.host.durable.rows import Instance, Message
from devkit.host.durable.store import Store
from devkit.host.durable.verdict import Verdict, failed


def control(store: Store, asked: Instance, message: Message, now: datetime, length: int) -> Instance | None:
    """`length` is how many events the history of `asked` holds. The instance if it has ended by this."""
    store.drop([message.n])
    instance = store.instance(asked.id)
    if instance is None or instance.execution != asked.execution:
        return None  # purged, or replaced by another that this message is not for
    match message.event["EventType"]:
        case Kind.EXECUTION_TERMINATED:
            end(store, instance, Verdict("Terminated", output=message.event["Input"]), now)
            added = [event(Kind.EXECUTION_COMPLETED, now, OrchestrationStatus="Terminated", Result=message.event["Input"])]
        case Kind.EXECUTION_SUSPENDED:
            instance.status, added = "Suspended", [message.event]
        case _:
            instance.status, added = ("Running" if length else "Pending"), [message.event]
    if length:  # a history begins with its ExecutionStarted: before that there is nothing to note
        added = [event(Kind.ORCHESTRATOR_STARTED, now), *added, event(Kind.ORCHESTRATOR_COMPLETED, now)]
        store.append_history(instance.id, length, map(json.dumps, added))
    instance.updated = stamp(now)
    store.put_instance(instance)
    return instance if instance.ended else None


def give_up(store: Store, id: str, damage: str, now: datetime) -> None:
    """The history stays as it is, for whoever wants to look at it."""
    instance = store.instance(id)
    if instance is None or instance.ended:
        store.clear_inbox(id)
        return
    end(store, instance, failed(instance, damage), now)
    instance.updated = stamp(now)
    store.put_instance(instance)


def end(store: Store, instance: Instance, verdict: Verdict, now: datetime) -> None:
    instance.status, instance.output = verdict.status, verdict.output
    store.clear_inbox(instance.id)  # nobody will read it; activities and children that still run are not stopped
    if (parent := instance.parent) is None:
        return
    if verdict.status == "Completed":
        message = event(Kind.SUB_ORCHESTRATION_COMPLETED, now, TaskScheduledId=parent.task, Result=verdict.output)
    else:
        reason = json.loads(verdict.output or '""')
        reason = reason if verdict.status == "Failed" else f"Orchestrator function '{instance.name}' failed: {reason}"
        details = f"Message: {reason}, StackTrace: "
        message = event(Kind.SUB_ORCHESTRATION_FAILED, now, TaskScheduledId=parent.task, Reason=reason, Details=details)
    store.send(parent.id, parent.execution, message)
