"""How the registry is set up: its policies, anonymous pull, the referrers API, rate limits."""

from aiohttp import web

from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    settings = parts.registry

    async def show(_: web.Request) -> web.Response:
        return web.json_response(settings.now.to_json())

    async def change(request: web.Request) -> web.Response:
        """What is left out stays."""
        settings.set(await json_object(request))
        return await show(request)

    return [web.get("/control/registry", show), web.put("/control/registry", change)]
