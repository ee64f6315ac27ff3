"""Events: which were published and how their delivery stands, and where they go."""

from urllib.parse import urlsplit

from aiohttp import web

from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    async def events(_: web.Request) -> web.Response:
        return web.json_response(parts.events.to_json())

    async def subscribe(request: web.Request) -> web.Response:
        """Kept over a restart. The answer leaves out the endpoint's query, which may hold a key; null ends the subscription."""
        endpoint = (await json_object(request)).get("endpoint", "")
        if endpoint is not None and (not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in {"http", "https"}):
            raise ValueError("endpoint must be an http or https URL, or null")
        parts.events.endpoint = endpoint
        parts.delivery.wake()
        return web.json_response({"endpoint": endpoint and endpoint.partition("?")[0]})

    return [web.get("/control/events", events), web.put("/control/event-subscription", subscribe)]
