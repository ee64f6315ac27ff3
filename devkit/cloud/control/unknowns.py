"""What is not known of Azure, and which answer this cloud gives (devkit/cloud/unknowns.py)."""

from aiohttp import web

from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    switches = parts.unknowns

    async def show(_: web.Request) -> web.Response:
        return web.json_response(switches.now.to_json())

    async def change(request: web.Request) -> web.Response:
        switches.set(await json_object(request))
        return web.json_response(switches.now.to_json())

    return [web.get("/control/unknowns", show), web.put("/control/unknowns", change)]
