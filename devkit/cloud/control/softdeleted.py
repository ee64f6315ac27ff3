"""What the soft delete policy keeps, and its way back."""

from aiohttp import web

from devkit.cloud.config.reading import text
from devkit.cloud.content.trash import Deleted
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
        waiting = [one for one in store.trash.kept() if one.repository == repository and digest in {None, one.digest}]
        restored: list[Deleted] = []
        with parts.database.transaction():
            while done := [one for one in waiting if store.restore(one)]:  # subjects before their referrers
                restored += done
                waiting = [one for one in waiting if one not in done]
        if digest is not None and waiting:
            raise ValueError("it refers to a subject that is soft-deleted, too: restore that first")
        return web.json_response([one.to_json() for one in restored])

    return [web.get("/control/soft-deleted", show), web.post("/control/soft-deleted", restore)]
