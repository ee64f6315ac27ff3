"""The durable HTTP API, twice: for the app's client at `/durabletask/`, and for people at `/runtime/webhooks/durabletask/`.

Routes and answers are the same; the public one wants the system key `durabletask_extension`. Source: "HTTP API reference for Durable
Functions"; HttpApiHandler in azure-functions-durable-extension; DurableOrchestrationClient in azure-functions-durable."""

import base64
import json
import re
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from devkit.host.clock import moment_of
from devkit.host.durable import links, trace
from devkit.host.durable.engine import Engine
from devkit.host.durable.instances import Refused
from devkit.host.durable.rows import Query
from devkit.host.durable.status import listed, readable, status
from devkit.host.durable.trouble import Damaged, StorageTrouble, told
from devkit.host.routes import unquote_segment

CONTINUATION = "x-ms-continuation-token"


class DurableApi:
    def __init__(self, engine: Engine, traces: Mapping[str, str], hub: str, key: str) -> None:
        self._engine = engine
        self._instances = engine.instances
        self._verbs = {"terminate": self._instances.terminate, "suspend": self._instances.suspend, "resume": self._instances.resume}
        self._traces = traces  # invocation id -> traceparent
        self._hub = hub
        self._key = key

    async def handle(self, request: web.Request, path: str) -> web.StreamResponse:
        """`path` is what follows the prefix, percent-encoded."""
        try:
            return await self._route(request, [unquote_segment(part) for part in path.strip("/").split("/")])
        except Refused as refused:
            return web.Response(status=refused.status) if refused.status in (404, 410) else problem(refused.status, str(refused))
        except (StorageTrouble, Damaged) as trouble:
            return problem(500, str(trouble))
        except sqlite3.Error as error:
            return problem(500, told(error, self._engine.store.path))
        except ValueError as error:
            return problem(400, str(error))

    async def _route(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        answer: web.StreamResponse = web.Response(status=202)
        match request.method, parts:
            case "POST", ["orchestrators", name]:
                answer = await self._start(request, name, None)
            case "POST", ["orchestrators", name, id]:
                answer = await self._start(request, name, id)
            case "GET", ["instances"]:
                answer = self._list(request)
            case "DELETE", ["instances"]:
                answer = await self._purge(request)
            case "GET", ["instances", id]:
                answer = self._status(request, id)
            case "DELETE", ["instances", id]:
                answer = deleted(await self._instances.purge([id]))
            case "POST", ["instances", id, "raiseEvent", name]:
                await self._raise(request, id, name)
            case "POST", ["instances", id, verb] if verb in self._verbs:
                await self._verbs[verb](id, request.query.get("reason", ""))
            case _, ["instances", _, "rewind" | "restart" as verb]:
                raise Refused(501, f"The local host leaves out {verb}: start a new instance instead.")
            case "POST", ["entities", name, key]:
                await self._signal(request, name, key)
            case "GET", ["entities", name, key]:
                answer = self._state(name, key)
            case _:
                raise Refused(404, "No such route.")
        return answer

    async def _start(self, request: web.Request, name: str, id: str | None) -> web.StreamResponse:
        body = await request.read()
        value = None if not body else json.dumps(json.loads(body))
        version = request.query.get("version")
        id = await self._instances.start(name, id, value, version, self._trace(request))
        if "timeout" in request.query and await self._engine.ended(id, float(request.query["timeout"])):
            return self._outcome(id)
        given = links.management(origin(request), self._hub, self._key, id)
        return web.json_response(given, status=202, headers={"Location": given["statusQueryGetUri"], "Retry-After": "10"})

    def _outcome(self, id: str) -> web.Response:
        instance = self._instances.get(id)
        if instance.status == "Completed":
            return web.Response(text=instance.output or "null", content_type="application/json")
        return web.json_response(status(instance, show_input=True), status=500 if instance.status == "Failed" else 200)

    def _trace(self, request: web.Request) -> str:
        """The caller's span; without telemetry in the app, that of the invocation which calls."""
        calling = self._traces.get(request.headers.get("X-Azure-Functions-InvocationId", ""))
        return trace.calling(request.headers.get("traceparent") or calling)

    def _status(self, request: web.Request, id: str) -> web.StreamResponse:
        instance = self._instances.get(id)
        show_input = flag(request, "showInput", True)
        value = status(instance, show_input=show_input)
        if flag(request, "showHistory", False):
            show_results = flag(request, "showHistoryOutput", False)
            value["historyEvents"] = listed(self._instances.history(id), show_results=show_results, show_input=show_input)
        if not instance.ended:
            location = links.management(origin(request), self._hub, self._key, id)["statusQueryGetUri"]
            return web.json_response(value, status=202, headers={"Location": location, "Retry-After": "5"})
        loud = instance.status == "Failed" and flag(request, "returnInternalServerErrorOnFailure", False)
        return web.json_response(value, status=500 if loud else 200)

    def _list(self, request: web.Request) -> web.StreamResponse:
        top = max(1, int(request.query.get("top", "100")))
        found = self._instances.find(query_of(request, top=top + 1))
        page = found[:top]
        headers = {CONTINUATION: base64.urlsafe_b64encode(page[-1].id.encode()).decode()} if len(found) > top else {}
        return web.json_response([readable(each, show_input=flag(request, "showInput", True)) for each in page], headers=headers)

    async def _purge(self, request: web.Request) -> web.Response:
        if "createdTimeFrom" not in request.query:
            raise Refused(400, "Please provide value for 'createdTimeFrom' parameter.")
        return deleted(await self._instances.purge([each.id for each in self._instances.find(query_of(request, top=1 << 30))]))

    async def _raise(self, request: web.Request, id: str, name: str) -> None:
        if request.content_type != "application/json":
            raise Refused(400, "Only application/json request content is supported")
        await self._instances.raise_event(id, name, json.dumps(json.loads(await request.read() or b"null")))

    async def _signal(self, request: web.Request, name: str, key: str) -> None:
        body = await request.read()
        value = json.dumps(json.loads(body)) if body else None
        await self._engine.entities.signal(name, key, request.query.get("op", ""), value)

    def _state(self, name: str, key: str) -> web.Response:
        state = self._engine.entities.state(name, key)
        return web.Response(status=404) if state is None else web.Response(text=state, content_type="application/json")


def origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def flag(request: web.Request, name: str, default: bool) -> bool:
    return request.query.get(name, str(default)).lower() == "true"


def query_of(request: web.Request, top: int) -> Query:
    given = request.query
    return Query(
        prefix=given.get("instanceIdPrefix", ""),
        statuses=tuple(filter(None, re.split(r"\s*,\s*", given.get("runtimeStatus", "")))),
        created_from=_time(given.get("createdTimeFrom")),
        created_to=_time(given.get("createdTimeTo")),
        after=base64.urlsafe_b64decode(request.headers.get(CONTINUATION, "")).decode(),
        top=top,
    )


def _time(text: str | None) -> datetime | None:
    return moment_of(text.replace(" ", "+")) if text else None  # the client does not encode the '+' of an offset


def deleted(number: int) -> web.Response:
    return web.json_response({"instancesDeleted": number}) if number else web.Response(status=404)


def problem(code: int, message: str) -> web.Response:
    value: dict[str, Any] = {"Message": "Something went wrong while processing your request", "ExceptionMessage": message}
    return web.json_response(
        value | {"ExceptionType": "System.ArgumentException" if code == 400 else "System.InvalidOperationException", "StackTrace": ""},
        status=code,
    )
