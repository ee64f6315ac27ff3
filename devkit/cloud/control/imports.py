"""Imports: how they stood and stand, and how fast those go that begin from now on."""

from aiohttp import web

from devkit.cloud.config import ImportPace
from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    importer = parts.importer

    async def imports(_: web.Request) -> web.Response:
        imposed = parts.faults.imports.rules()
        return web.json_response([{**one, "fault": imposed.get(one["id"])} for one in importer.operations.to_json()])

    async def set_pace(request: web.Request) -> web.Response:
        importer.pace = ImportPace.from_json(await json_object(request), other=importer.pace)
        return web.json_response(importer.pace.to_json())

    return [web.get("/control/imports", imports), web.put("/control/imports", set_pace)]
