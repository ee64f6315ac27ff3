"""`POST /admin/functions/<name>` with `{"input": "..."}`: run a function by hand, whatever its trigger.

Source: "Manually run a non HTTP-triggered function": the master key, 202 at once."""

import asyncio
import json
import logging

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host import timers
from devkit.host.functions import Function
from devkit.host.keys import Keys
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")


class Admin:
    def __init__(self, worker: Worker, keys: Keys) -> None:
        self._worker = worker
        self._keys = keys
        self._functions = {
            function.name.lower(): function for trigger in ("timerTrigger", "eventGridTrigger") for function in worker.of_type(trigger)
        }
        self._calls: set[asyncio.Task[object]] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self._keys.admit(request):
            return web.Response(status=401)
        if request.method == "GET" and request.path.lower() == "/admin/host/status":
            return web.json_response({"id": "local", "state": "Running", "version": "devkit"})
        place, _, name = request.path.rpartition("/")
        function = self._functions.get(name.lower())
        if request.method != "POST" or place.lower() != "/admin/functions" or function is None:
            return web.Response(status=404)
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return web.Response(status=400, text='The body must be JSON of the form {"input": "..."}.')
        request["route"] = "admin/functions/{name}"
        call = asyncio.create_task(self._worker.call(function, datum(function, body.get("input")), {}, request["trace"]))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return web.Response(status=202)


def datum(function: Function, value: object) -> Datum:
    if function.trigger["type"] == "timerTrigger":
        return timers.datum()
    return Datum(value if isinstance(value, str) else json.dumps(value), "json")
