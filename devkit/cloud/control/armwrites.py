"""How many writes ARM takes."""

from aiohttp import web

from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    async def show(_: web.Request) -> web.Response:
        return web.json_response(parts.arm_writes.to_json())

    async def change(request: web.Request) -> web.Response:
        parts.arm_writes.set(await json_object(request))
        return await show(request)

    return [web.get("/control/arm-writes", show), web.put("/control/arm-writes", change)]
