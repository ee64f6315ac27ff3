"""What a client can do to instances: start, signal, stop, purge, find. Each is one transaction, and wakes the engine.

Source: "Manage instances in Durable Functions"; whether a running instance is replaced is host.json's overridableExistingInstanceStates."""

import json
import re
import uuid
from collections.abc import Sequence
from datetime import datetime

from devkit.host.clock import Clock, stamp
from devkit.host.durable import tracing
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.messages import Event, Kind, event, parsed
from devkit.host.durable.rows import FIRST, Instance, Parent, Query
from devkit.host.durable.store import Store
from devkit.host.durable.trace import incoming
from devkit.host.durable.tracing import parent_context, server
from devkit.host.durable.trouble import Damaged
from devkit.host.settings import HostConfig
from devkit.host.spans import Spans


class Refused(Exception):
    """`status` is what HTTP answers with; the text names the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def begin(
    store: Store, now: datetime, *, id: str, name: str, input: str | None, version: str | None, above: str, parent: Parent | None,
    replaces_running: bool = False,
) -> bool:  # fmt: skip
    """Within the caller's transaction: put a new instance, which replaces an ended one. False when one of that id still runs. `above` is
    the traceparent of the span that starts it."""
    existing = store.instance(id)
    if existing is not None and not existing.ended and not replaces_running:
        return False
    if existing is not None:
        store.remove(id)
    at, execution = stamp(now), uuid.uuid4().hex
    instance = Instance(id, name, execution, "Pending", input, None, None, version, server(above), parent, at, at)
    store.put_instance(instance)
    store.send(id, execution, started(instance, now, above), FIRST)
    return True


def started(instance: Instance, now: datetime, trace_above: str | None) -> Event:
    above = (
        None
        if instance.parent is None
        else {"OrchestrationInstance": {"InstanceId": instance.parent.id}, "TaskScheduleId": instance.parent.task}
    )
    return event(
        Kind.EXECUTION_STARTED,
        now,
        Name=instance.name,
        Version=instance.version,
        ParentInstance=above,
        Input=instance.input,
        ParentTraceContext=trace_above and parent_context(trace_above),
    )


def history_of(texts: Sequence[str]) -> list[Event]:
    """Raises `Damaged`."""
    try:
        return parsed(texts)
    except ValueError:
        raise Damaged("The history of this instance is damaged in the database.") from None


class Instances:
    def __init__(self, store: Store, commits: Commits, catalogue: Catalogue, clock: Clock, *, config: HostConfig, spans: Spans) -> None:
        self._spans = spans
        self._store = store
        self._commits = commits
        self._catalogue = catalogue
        self._clock = clock
        self._config = config

    async def start(self, name: str, id: str | None, input: str | None, version: str | None, caller: str) -> str:
        """The instance id. `input` is a JSON text; `caller` is the traceparent of the span that asks."""
        if name.lower() not in self._catalogue.orchestrators:
            known = ", ".join(sorted(function.name for function in self._catalogue.orchestrators.values())) or "none"
            raise Refused(
                400, f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. Known orchestrators: {known}."
            )
        if id is not None and (not 1 <= len(id) <= 256 or id.startswith("@") or re.search(r"[/\\#?\x00-\x1f\x7f-\x9f]", id)):
            raise Refused(400, "Instance IDs have 1 to 256 characters, no '/', '\\', '#', '?' or control characters, and no '@' in front.")
        chosen = id or uuid.uuid4().hex
        version = self._config.versions.default if version is None else version

        replaces = self._config.replaces_running
        now, creation = self._clock.now(), incoming(caller)

        def write() -> None:
            if not begin(
                self._store, now, id=chosen, name=name, input=input, version=version, above=creation, parent=None, replaces_running=replaces
            ):
                raise Refused(500, f"An Orchestration instance with the status {self.get(chosen).status} already exists.")

        await self._commits.run("start", write)
        self._spans.write([tracing.creation(name, version, chosen, context=creation, parent=caller, at=now)])
        return chosen

    async def restart(self, id: str, caller: str, *, anew: bool) -> str:
        """Another instance of the same orchestrator with the same input, or the same one once more, which must have ended; the version is
        today's default. Source: DurableClient.RestartAsync in the extension."""
        old = self._store.instance(id)
        if old is None:
            raise Refused(400, f"An orchestration with the instanceId {id} was not found: InstanceId does not match a valid instance.")
        return await self.start(old.name, None if anew else id, old.input, None, caller)

    def get(self, id: str) -> Instance:
        instance = self._store.instance(id)
        if instance is None:
            raise Refused(404, f"No instance with ID '{id}' found.")
        return instance

    def history(self, id: str) -> list[Event]:
        return history_of(self._store.history(id))

    def find(self, query: Query) -> list[Instance]:
        return self._store.select(query)

    async def raise_event(self, id: str, name: str, value: str) -> None:
        """`value` is a JSON text."""
        await self._send("event", id, event(Kind.EVENT_RAISED, self._clock.now(), Name=name, Input=value))

    async def terminate(self, id: str, reason: str | None) -> None:
        await self._send("control", id, event(Kind.EXECUTION_TERMINATED, self._clock.now(), Input=json.dumps(reason)))

    async def suspend(self, id: str, reason: str | None) -> None:
        if self.get(id).status == "Suspended":
            raise Refused(500, f"The instance {id} is suspended already.")
        await self._send("control", id, event(Kind.EXECUTION_SUSPENDED, self._clock.now(), Reason=reason))

    async def resume(self, id: str, reason: str | None) -> None:
        if self.get(id).status in ("Running", "Pending"):
            raise Refused(500, f"The instance {id} is not suspended.")
        await self._send("control", id, event(Kind.EXECUTION_RESUMED, self._clock.now(), Reason=reason))

    async def purge(self, ids: list[str]) -> int:
        """How many went, running ones included."""

        def write() -> int:
            found = [id for id in ids if self._store.instance(id) is not None]
            for id in found:
                self._store.remove(id)
            return len(found)

        return await self._commits.run("purge", write)

    async def _send(self, kind: str, id: str, message: Event) -> None:
        def write() -> None:
            if self.get(id).ended:
                raise Refused(410, f"Instance with ID {id} is gone: it has ended.")
            self._store.send(id, None, message)

        await self._commits.run(kind, write)
