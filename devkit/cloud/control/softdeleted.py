"""What the soft delete policy keeps, and its way back."""

from aiohttp import web

from devkit.cloud.config.reading import text
from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    store = parts.store

    async def show(_: web.Request) -> web.Response:
        return web.json_response([one.to_json() for one in store.trash.kept()])

    async def restore(request: web.Request) -> web.Response:
        """`{"repository", "digest"?}`: that one, or all of the repository; what is restored is answered."""
        value = await json_object(request)
        repository, digest = text(value, "repository") if "repository" in value else "", value.get("digest")
        found = [one for one in store.trash.kept() if one.repository == repository and digest in {None, one.digest}]
        with parts.database.transaction():
            for one in found:
                store.restore(one)
        return web.json_response([one.to_json() for one in found])

    return [web.get("/control/soft-deleted", show), web.post("/control/soft-deleted", restore)]
