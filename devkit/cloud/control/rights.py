"""Which actions of roles were asked for."""

from aiohttp import web

from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    async def rights(_: web.Request) -> web.Response:
        return web.json_response(parts.asked.to_json())

    return [web.get("/control/rights", rights)]
