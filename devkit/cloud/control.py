"""The control API of a local cloud (docs/decisions.md, 1.2): what a test, the demo or a person may turn and look at. Nothing of Azure's."""

import hmac
import json
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from devkit.cloud.config import CloudConfig, ImportPace
from devkit.cloud.delivery import Delivery
from devkit.cloud.events import EventQueue
from devkit.cloud.imports import Importer
from devkit.cloud.web import Recorder


class Control:
    def __init__(self, config: CloudConfig, importer: Importer, events: EventQueue, delivery: Delivery, recorder: Recorder) -> None:
        self._name = config.name
        self._key = config.control_key
        self._importer = importer
        self._events = events
        self._delivery = delivery
        self._recorder = recorder

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard()], client_max_size=64 * 1024)
        app.add_routes(
            [
                web.get("/control/health", self.health),
                web.get("/control/imports", self.imports),
                web.put("/control/imports", self.set_pace),
                web.get("/control/events", self.events),
                web.put("/control/event-subscription", self.subscribe),
                web.get("/control/requests", self.requests),
            ]
        )
        return app

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"cloud": self._name})

    async def imports(self, _: web.Request) -> web.Response:
        return web.json_response(self._importer.operations.to_json())

    async def set_pace(self, request: web.Request) -> web.Response:
        try:
            self._importer.pace = ImportPace.from_json(await _object(request), other=self._importer.pace)
        except ValueError as error:
            return _refused(400, str(error))
        return web.json_response(self._importer.pace.to_json())

    async def events(self, _: web.Request) -> web.Response:
        return web.json_response(self._events.to_json())

    async def subscribe(self, request: web.Request) -> web.Response:
        """Kept over a restart. The answer leaves out the endpoint's query, which may hold a key; null ends the subscription."""
        endpoint = (await _object(request)).get("endpoint", "")
        if endpoint is not None and (not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in {"http", "https"}):
            return _refused(400, "endpoint must be an http or https URL, or null")
        self._events.endpoint = endpoint
        self._delivery.wake()
        return web.json_response({"endpoint": endpoint and endpoint.partition("?")[0]})

    async def requests(self, _: web.Request) -> web.Response:
        return web.json_response(self._recorder.to_json())

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not hmac.compare_digest(request.headers.get("x-control-key", "").encode(errors="surrogateescape"), self._key.encode()):
                return _refused(401, "the header x-control-key is missing or wrong")
            try:
                return await handler(request)
            except web.HTTPException as error:
                return _refused(error.status, error.reason)

        return guard


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return value


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
