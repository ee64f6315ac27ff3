"""The Event Grid webhook: `POST /runtime/webhooks/EventGrid?functionName=F&code=KEY`.

Source: "Azure Event Grid trigger for Azure Functions"; "Endpoint validation with Event Grid event schema"; for OPTIONS, "HTTP 1.1 Web
Hooks for Event Delivery" (CloudEvents). One delivery is one event or an array; each event is one call, and all run concurrently. One
failure fails the whole delivery, so that Event Grid sends it again."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.functions import Function
from devkit.host.keys import Keys
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
LARGEST = 1 << 20  # "Event Grid quotas and limits": 1 MB an event or a batch


class EventGrid:
    def __init__(self, worker: Worker, keys: Keys) -> None:
        self._worker = worker
        self._keys = keys
        self._functions = {function.name.lower(): function for function in worker.of_type("eventGridTrigger")}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self._keys.admit(request, "eventgrid_extension"):
            return web.Response(status=401)
        name = request.query.get("functionName", "")
        function = self._functions.get(name.lower())
        if function is None:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        match request.method:
            case "OPTIONS":
                return allow(request)
            case "POST":
                return await self._receive(request, function)
            case _:
                return web.Response(status=404)

    async def _receive(self, request: web.Request, function: Function) -> web.Response:
        if (request.content_length or 0) > LARGEST or len(body := await request.read()) > LARGEST:
            return web.Response(status=413, text="Event Grid sends at most 1 MB in one request.")
        kind = request.headers.get("aeg-event-type", "").lower()
        if kind == "unsubscribe":
            return web.Response(status=202)
        if kind not in ("subscriptionvalidation", "notification"):
            return web.Response(status=400, text="The header aeg-event-type must be SubscriptionValidation, Notification or Unsubscribe.")
        if (events := events_of(body)) is None:
            return web.Response(status=400, text="The body must be an event, or an array of events, as JSON.")
        return validate(events) if kind == "subscriptionvalidation" else await self._deliver(function, events, request)

    async def _deliver(self, function: Function, events: list[dict[str, Any]], request: web.Request) -> web.Response:
        above = request["trace"]
        calls = [self._worker.call(function, Datum(json.dumps(event, ensure_ascii=False), "json"), {}, above) for event in events]
        failures = [answer.failure for answer in await asyncio.gather(*calls) if answer.failure is not None]
        if failures:
            return web.Response(status=500, text=f"Exception while executing function: Functions.{function.name}")
        return web.Response(status=202)


def events_of(body: bytes) -> list[dict[str, Any]] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    events = value if isinstance(value, list) else [value]
    return events if all(isinstance(event, dict) for event in events) else None


def validate(events: list[dict[str, Any]]) -> web.Response:
    data = events[0].get("data") if events else None
    if not isinstance(data, dict) or "validationCode" not in data:
        return web.Response(status=400, text="A validation event must carry data.validationCode.")
    return web.json_response({"validationResponse": data["validationCode"]})


def allow(request: web.Request) -> web.Response:
    """The handshake of CloudEvents 1.0 subscriptions: answer the origin that asks."""
    origin = request.headers.get("WebHook-Request-Origin")
    if origin is None:
        return web.Response(status=400, text="The header WebHook-Request-Origin is missing.")
    return web.Response(status=200, headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})
