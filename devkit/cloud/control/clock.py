"""The cloud's time: its scale, a jump forward, machines whose clocks are off."""

from aiohttp import web

from devkit.cloud.clock import MOST_ADVANCE, MOST_SKEW
from devkit.cloud.config.cloud import FASTEST_CLOCK
from devkit.cloud.config.reading import number
from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    clock = parts.clock

    async def now(_: web.Request) -> web.Response:
        return web.json_response(clock.to_json())

    async def change(request: web.Request) -> web.Response:
        """`{"scale"?, "skewSeconds"?, "advanceSeconds"?}`; what is left out stays as it is."""
        value = await json_object(request)
        clock.set(
            scale=number(value.get("scale", clock.scale), "scale", least=0.001, most=FASTEST_CLOCK),
            skew=number(value.get("skewSeconds", clock.skew), "skewSeconds", least=-MOST_SKEW, most=MOST_SKEW),
            advance=number(value.get("advanceSeconds", 0), "advanceSeconds", least=0, most=MOST_ADVANCE),
        )
        return web.json_response(clock.to_json())

    return [web.get("/control/clock", now), web.put("/control/clock", change)]
