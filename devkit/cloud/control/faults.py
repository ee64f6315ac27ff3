"""Faults: the rules in force with what became of them, and whether the cloud is down (docs/decisions.md, 1.7)."""

import json
from dataclasses import dataclass

from aiohttp import web

from devkit.cloud.control.answers import json_object
from devkit.cloud.faults.outage import How
from devkit.cloud.faults.reading import parsed
from devkit.cloud.parts import Parts


@dataclass(frozen=True, slots=True)
class _Outage:
    how: How
    seconds: float | None = None


def routes(parts: Parts) -> list[web.RouteDef]:
    book, outage = parts.faults.book, parts.faults.outage

    async def show(_: web.Request) -> web.Response:
        return web.json_response(book.to_json())

    async def report(_: web.Request) -> web.Response:
        """All that is not as it should be: the rules, and what is imposed in other ways."""
        grid = parts.eventgrid
        chaos = {**grid.chaos.now.to_json(), **grid.queue.counts()}
        clock = parts.clock.to_json()
        return web.json_response({"rules": book.to_json(), "outage": outage.to_json(), "eventChaos": chaos, "clock": clock})

    async def replace(request: web.Request) -> web.Response:
        """A list of rules."""
        value = json.loads(await request.read())
        if not isinstance(value, list):
            raise ValueError("the body must be a list of rules")
        return web.json_response(book.add(value, instead=True))

    async def add(request: web.Request) -> web.Response:
        """One rule, behind the others."""
        return web.json_response(book.add([await json_object(request)])[-1])

    async def clear(_: web.Request) -> web.Response:
        return web.json_response(book.add([], instead=True))

    async def remove(request: web.Request) -> web.Response:
        if not book.remove(request.match_info["id"]):
            raise web.HTTPNotFound(reason="there is no such rule")
        return web.json_response(book.to_json())

    async def show_outage(_: web.Request) -> web.Response:
        return web.json_response(outage.to_json())

    async def change_outage(request: web.Request) -> web.Response:
        asked = parsed(_Outage, await json_object(request), "an outage")
        await outage.set(asked.how, asked.seconds)
        return web.json_response(outage.to_json())

    return [
        web.get("/faults", report),
        web.get("/control/faults", show),
        web.put("/control/faults", replace),
        web.post("/control/faults", add),
        web.delete("/control/faults", clear),
        web.delete("/control/faults/{id}", remove),
        web.get("/control/outage", show_outage),
        web.put("/control/outage", change_outage),
    ]
