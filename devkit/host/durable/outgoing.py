"""What an episode sets in motion: activities, timers and sub-orchestrations, each with the event that records it.

Source: TaskScheduledEvent, TimerCreatedEvent and SubOrchestrationInstanceCreatedEvent in DurableTask.Core."""

import json
import uuid
from datetime import datetime

from devkit.host.clock import moment_of
from devkit.host.durable import trace
from devkit.host.durable.instances import begin
from devkit.host.durable.messages import OPERATION, Event, Kind, event
from devkit.host.durable.replay import Work
from devkit.host.durable.rows import Instance, Parent
from devkit.host.durable.store import Store
from devkit.host.durable.tracing import parent_context
from devkit.host.settings import HostConfig


class Outgoing:
    """Writes within the episode's transaction."""

    def __init__(self, store: Store, instance: Instance, config: HostConfig, now: datetime) -> None:
        self._store = store
        self._from = instance
        self._config = config
        self._now = now
        self.activities: list[int] = []

    def schedule(self, work: Work) -> Event:
        match work.kind:
            case Kind.TASK_SCHEDULED:
                return self._activity(work)
            case Kind.SUB_ORCHESTRATION_CREATED:
                return self._child(work)
            case Kind.EVENT_SENT:
                return self._operation(work)
            case _:
                return self._timer(work)

    def _activity(self, work: Work) -> Event:
        span = trace.child(self._from.trace, self._from.execution, work.number)
        row = self._store.put_activity(
            id=self._from.id, execution=self._from.execution, task=work.number, name=work.name, input=work.input, trace=span
        )
        self.activities.append(row)
        return event(
            Kind.TASK_SCHEDULED,
            self._now,
            work.number,
            Name=work.name,
            Version=None,
            Input=self._noted(work),
            ParentTraceContext=parent_context(span),
        )

    def _timer(self, work: Work) -> Event:
        if not work.done:
            fired = event(Kind.TIMER_FIRED, moment_of(work.fire_at), TimerId=work.number, FireAt=work.fire_at)
            self._store.send(self._from.id, self._from.execution, fired, visible=work.fire_at)
        return event(Kind.TIMER_CREATED, self._now, work.number, FireAt=work.fire_at)

    def _child(self, work: Work) -> Event:
        child = work.action.get("instanceId") or f"{self._from.execution}:{work.number}"
        version = work.action.get("version") or self._config.versions.default
        begun = begin(
            self._store,
            self._now,
            id=child,
            name=work.name,
            input=json.dumps(work.action["input"]),
            version=version,
            above=trace.child(self._from.trace, self._from.execution, work.number),
            parent=Parent(self._from.id, self._from.execution, work.number),
        )
        if not begun:
            reason = (
                f"An Orchestration instance with the ID {child} is running already;"
                " Azure would drop this start and leave the parent waiting for ever."
            )
            refused = event(Kind.SUB_ORCHESTRATION_FAILED, self._now, TaskScheduledId=work.number, Reason=reason, Details=reason)
            self._store.send(self._from.id, self._from.execution, refused)
        return event(
            Kind.SUB_ORCHESTRATION_CREATED,
            self._now,
            work.number,
            Name=work.name,
            Version=version,
            InstanceId=child,
            Input=self._noted(work),
        )

    def _operation(self, work: Work) -> Event:
        """A call or a signal of an entity. The request's id is made of what is stored already: a step that is repeated sends the same."""
        request = {"op": work.action["operation"], "input": json.dumps(work.action.get("input")), "id": self._request_id(work)}
        if work.done:
            request["signal"] = True
        else:
            request |= {"parent": self._from.id, "parentExecution": self._from.execution}
        text = json.dumps(request)
        span = trace.child(self._from.trace, self._from.execution, work.number)
        sent = event(Kind.EVENT_RAISED, self._now, Name=OPERATION, Input=text, TraceParent=span)
        self._store.send(work.action["instanceId"], None, sent)
        return event(Kind.EVENT_SENT, self._now, work.number, Name=OPERATION, InstanceId=work.action["instanceId"], Input=text)

    def _request_id(self, work: Work) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._from.id}/{self._from.execution}/{work.number}"))

    def _noted(self, work: Work) -> str | None:
        return work.input if self._config.store_inputs else None
