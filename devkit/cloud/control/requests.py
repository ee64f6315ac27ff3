"""Who asked what, and what was answered."""

from aiohttp import web

from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    async def requests(_: web.Request) -> web.Response:
        return web.json_response(parts.recorder.to_json())

    return [web.get("/control/requests", requests)]
