"""The durable HTTP API, twice: for the app's client at `/durabletask/`, and for people at `/runtime/webhooks/durabletask/`.

Routes and answers are the same; the public one wants the system key `durabletask_extension`. Source: "HTTP API reference for Durable
Functions"; HttpApiHandler in azure-functions-durable-extension; DurableOrchestrationClient in azure-functions-durable."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from devkit.host.durable import links, trace
from devkit.host.durable.engine import Engine
from devkit.host.durable.instances import Refused
from devkit.host.durable.queries import flag, next_page, query_of
from devkit.host.durable.status import listed, readable, status
from devkit.host.durable.trouble import Damaged, StorageTrouble, told
from devkit.host.routes import unquote_segment

REWIND = (
    "The local host leaves out rewind: in Azure it takes the failed steps out of the history and runs them again. Restart the instance"
    " (POST .../restart?restartWithNewInstanceId=false), which begins at its first step, or start a new one."
)


class DurableApi:
    def __init__(self, engine: Engine, traces: Mapping[str, str], hub: str, key: str) -> None:
        self._engine = engine
        self._instances = engine.instances
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
        except (ValueError, OverflowError) as error:
            return problem(400, str(error))

    async def _route(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        """Fixed segments are compared without regard to case; `parts` has one at least."""
        kind, rest = parts[0].lower(), parts[1:]
        answer: web.StreamResponse | None = None
        match request.method, kind, rest:
            case "POST", "orchestrators", [name]:
                answer = await self._start(request, name, None)
            case "POST", "orchestrators", [name, id]:
                answer = await self._start(request, name, id)
            case "POST", "entities", [name, key]:
                answer = await self._signal(request, name, key)
            case "GET", "entities", [name, key]:
                answer = self._state(name, key)
            case "GET", "instances", []:
                answer = self._list(request)
            case "DELETE", "instances", []:
                answer = await self._purge(request)
            case "GET", "instances", [id]:
                answer = self._status(request, id)
            case "DELETE", "instances", [id]:
                answer = deleted(await self._instances.purge([id]))
            case "POST", "instances", [id, verb]:
                answer = await self._control(request, id, verb.lower())
            case "POST", "instances", [id, verb, name] if verb.lower() == "raiseevent":
                answer = await self._raise(request, id, name)
        return web.Response(status=404) if answer is None else answer

    async def _control(self, request: web.Request, id: str, verb: str) -> web.StreamResponse:
        reason = request.query.get("reason")
        match verb:
            case "terminate":
                await self._instances.terminate(id, reason)
            case "suspend":
                await self._instances.suspend(id, reason)
            case "resume":
                await self._instances.resume(id, reason)
            case "restart":
                anew = flag(request, "restartWithNewInstanceId", True)
                return await self._begun(request, await self._instances.restart(id, self._trace(request), anew=anew))
            case "rewind":
                raise Refused(501, REWIND)
            case _:
                raise Refused(404, "No such route.")
        return web.Response(status=202)

    async def _start(self, request: web.Request, name: str, id: str | None) -> web.StreamResponse:
        body = await request.read()
        value = None if not body else json.dumps(json.loads(body))
        version = request.query.get("version")
        return await self._begun(request, await self._instances.start(name, id, value, version, self._trace(request)))

    async def _begun(self, request: web.Request, id: str) -> web.StreamResponse:
        """The links of an instance that was started, or what it came to within `timeout`. (Azure waits only if `pollingInterval` is given
        too; here it makes no difference otherwise, for nothing polls.)"""
        timeout, pause = (float(request.query.get(name, 0)) for name in ("timeout", "pollingInterval"))
        if pause > timeout:
            raise Refused(400, f"Total timeout {timeout:g} should be bigger than retry timeout {pause:g}")
        if timeout and await self._engine.ended(id, timeout):
            return self._outcome(id)
        given = links.management(origin(request), self._hub, self._key, id)
        return web.json_response(given, status=202, headers={"Location": given["statusQueryGetUri"], "Retry-After": "10"})

    def _outcome(self, id: str) -> web.Response:
        instance = self._instances.get(id)
        if instance.status == "Completed":
            return web.Response(text=instance.output or "null", content_type="application/json")
        return web.json_response(status(instance, show_input=True))

    def _trace(self, request: web.Request) -> str:
        """The caller's span; without telemetry in the app, that of the invocation which calls."""
        calling = self._traces.get(request.headers.get("X-Azure-Functions-InvocationId", ""))
        return trace.calling(request["trace"] or calling)

    def _status(self, request: web.Request, id: str) -> web.StreamResponse:
        instance = self._instances.get(id)
        show_input = flag(request, "showInput", True)
        value = status(instance, show_input=show_input)
        if flag(request, "showHistory", False):
            show_results = flag(request, "showHistoryOutput", False)
            value["historyEvents"] = listed(self._instances.history(id), show_results=show_results, show_input=show_input)
        if not instance.ended:
            return web.json_response(value, status=202, headers={"Location": str(request.url), "Retry-After": "5"})
        loud = instance.status == "Failed" and flag(request, "returnInternalServerErrorOnFailure", False)
        return web.json_response(value, status=500 if loud else 200)

    def _list(self, request: web.Request) -> web.StreamResponse:
        top = max(1, int(request.query.get("top", "100")))
        found = self._instances.find(query_of(request, top=top + 1))
        page = found[:top]
        headers = next_page(page[-1].id) if len(found) > top else {}
        return web.json_response([readable(each, show_input=flag(request, "showInput", True)) for each in page], headers=headers)

    async def _purge(self, request: web.Request) -> web.Response:
        if "createdTimeFrom" not in request.query:
            raise Refused(400, "Please provide value for 'createdTimeFrom' parameter.")
        return deleted(await self._instances.purge([each.id for each in self._instances.find(query_of(request, top=1 << 30))]))

    async def _raise(self, request: web.Request, id: str, name: str) -> web.Response:
        if request.content_type != "application/json":
            raise Refused(400, "Only application/json request content is supported")
        await self._instances.raise_event(id, name, json.dumps(json.loads(await request.read() or b"null")))
        return web.Response(status=202)

    async def _signal(self, request: web.Request, name: str, key: str) -> web.Response:
        """A body that is not `application/json` is the operation's input as a text."""
        body = await request.text()
        value = json.dumps(json.loads(body) if request.content_type == "application/json" else body) if body else None
        await self._engine.entities.signal(name, key, request.query.get("op", ""), value)
        return web.Response(status=202)

    def _state(self, name: str, key: str) -> web.Response:
        state = self._engine.entities.state(name, key)
        return web.Response(status=404) if state is None else web.Response(text=state, content_type="application/json")


def origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def deleted(number: int) -> web.Response:
    return web.json_response({"instancesDeleted": number}) if number else web.Response(status=404)


def problem(code: int, message: str) -> web.Response:
    summary = "One or more of the arguments submitted is incorrect" if code == 400 else "Something went wrong while processing your request"
    value: dict[str, Any] = {"Message": summary, "ExceptionMessage": message}
    return web.json_response(
        value | {"ExceptionType": "System.ArgumentException" if code == 400 else "System.InvalidOperationException", "StackTrace": ""},
        status=code,
    )
