"""Durable entities: small states with operations that come one after the other.

An entity is an inbox by the id `@name@key`, and a state. Its messages are events named `op`; a step takes what is there, lets the SDK run
the operations as one batch, and commits the new state together with the answers. Source: "Durable entities"; TaskEntityShim and
RequestMessage in azure-functions-durable-extension; DurableEntityContext and EntityState in azure-functions-durable."""

import json
import logging
import re
import uuid
from dataclasses import dataclass
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.clock import Clock
from devkit.host.durable import trace
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.instances import Refused
from devkit.host.durable.messages import OPERATION, Event, Kind, event
from devkit.host.durable.rows import EntityState, Message
from devkit.host.durable.store import Store
from devkit.host.durable.trouble import Damaged
from devkit.host.failure import Failure
from devkit.host.functions import Function
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
BATCH = 5000  # maxEntityOperationBatchSize's default
_ID = re.compile(r"@([^@]{1,250})@(.*)", re.DOTALL)


def is_entity(id: str) -> bool:
    return id.startswith("@")


def entity_id(name: str, key: str) -> str:
    """Names are compared without regard to case, keys are not."""
    return f"@{name.lower()}@{key}"


def entity_name(id: str) -> str:
    return id.split("@")[1] if is_entity(id) else ""


@dataclass(frozen=True, slots=True)
class Entities:
    store: Store
    commits: Commits
    worker: Worker
    catalogue: Catalogue
    clock: Clock

    async def signal(self, name: str, key: str, operation: str, value: str | None) -> None:
        """`value` is the body as it came: the SDK's client encodes its input twice, and an entity decodes twice. Raises `Refused` for an
        entity that the app does not have."""
        if name.lower() not in self.catalogue.entities:
            known = ", ".join(sorted(function.name for function in self.catalogue.entities.values())) or "none"
            raise Refused(400, f"The function '{name}' doesn't exist, is disabled, or is not an entity function. Known entities: {known}.")
        request = {"op": operation, "signal": True, "input": value, "id": str(uuid.uuid4())}
        await self.commits.run("signal", lambda: self.store.send(entity_id(name, key), None, operation_event(request, self.clock)))

    def state(self, name: str, key: str) -> str | None:
        """A JSON text; None when there is no such entity."""
        return self.store.entity(entity_id(name, key)).state

    async def run(self, id: str) -> bool:
        """One batch of operations. True when more are waiting."""
        now = self.clock.now()
        try:
            messages = self.store.inbox(id, now, BATCH)
            if not messages:
                return False
            requests = [_request(message) for message in messages]
        except Damaged as damage:
            return await self._leave_out(id, damage)
        held = self.store.entity(id)
        outcome = await self._outcome(id, held, requests, messages[0])
        for request, result in zip(requests, outcome["results"], strict=True):
            if result["isError"] and request.get("signal"):
                log.error("%s: the signal %r failed, and nobody waits for its answer: %s", id, request["op"], str(result["result"])[:500])
        await self.commits.insist("entity", lambda: self._commit(id, messages, requests, outcome))
        return len(messages) == BATCH  # whatever comes meanwhile is told to the agenda by its commit

    async def _leave_out(self, id: str, damage: Damaged) -> bool:
        log.error("%s: %s It is dropped; an orchestration that waits for its answer waits for ever: terminate it.", id, damage)
        row = damage.row
        assert row is not None
        await self.commits.insist("damaged", lambda: self.store.drop([row]))
        return True

    async def _outcome(self, id: str, held: EntityState, requests: list[dict[str, Any]], first: Message) -> dict[str, Any]:
        """What the SDK answers for a batch; a batch that broke as a whole leaves the state alone and fails each operation."""
        found = _ID.fullmatch(id)
        function = None if found is None else self.catalogue.entities.get(found[1])
        if found is None or function is None:
            return _broken(
                held, requests, f"The app has no entity {id.partition('@')[2]!r}; Azure would leave its callers waiting for ever."
            )
        failure = await self._call(function, found[2], held, requests, first)
        return failure if isinstance(failure, dict) else _broken(held, requests, str(failure))

    async def _call(
        self, function: Function, key: str, held: EntityState, requests: list[dict[str, Any]], first: Message
    ) -> dict[str, Any] | Failure:
        operations = [{"name": one["op"], "input": one.get("input"), "isSignal": bool(one.get("signal"))} for one in requests]
        name = str(function.trigger.get("entityName") or function.name)
        batch = {"self": {"name": name, "key": key}, "exists": held.state is not None, "state": held.state, "batch": operations}
        parent = first.event.get("TraceParent") or trace.incoming(None)
        answer = await self.worker.call(function, Datum(json.dumps(batch), "string"), {}, parent)
        if answer.failure is not None:
            return answer.failure
        return dict(json.loads(answer.datum.value)) if answer.datum is not None else Failure("Exception", "the entity returned nothing", "")

    def _commit(self, id: str, messages: list[Message], requests: list[dict[str, Any]], outcome: dict[str, Any]) -> None:
        self.store.drop(message.n for message in messages)
        self.store.put_entity(id, outcome["entityState"] if outcome["entityExists"] else None, self.clock.now())
        for request, result in zip(requests, outcome["results"], strict=True):
            if request.get("signal"):
                continue
            reply = {"result": result["result"]} | ({"exceptionType": "System.Exception"} if result["isError"] else {})
            answered = event(Kind.EVENT_RAISED, self.clock.now(), Name=request["id"], Input=json.dumps(reply))
            self.store.send(request["parent"], request.get("parentExecution"), answered)


def operation_event(request: dict[str, Any], clock: Clock, trace_parent: str | None = None) -> Event:
    return event(Kind.EVENT_RAISED, clock.now(), Name=OPERATION, Input=json.dumps(request), TraceParent=trace_parent)


def _request(message: Message) -> dict[str, Any]:
    """Raises `Damaged`."""
    try:
        return dict(json.loads(message.event["Input"]))
    except (ValueError, TypeError, KeyError):
        raise Damaged(f"A message to this entity is damaged in the database (row {message.n} of inbox).", message.n) from None


def _broken(held: EntityState, requests: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    result = {"isError": True, "result": json.dumps(reason)}
    return {"entityExists": held.state is not None, "entityState": held.state, "results": [result for _ in requests]}
