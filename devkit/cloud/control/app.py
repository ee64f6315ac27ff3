"""The control API, put together: each part has a file of its own beside this one."""

import hmac
import logging
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devkit.cloud.control import (
    apps,
    armwrites,
    clock,
    events,
    faults,
    imports,
    registry,
    requests,
    rights,
    softdeleted,
    tokens,
    unknowns,
    vault,
)
from devkit.cloud.control.answers import refused
from devkit.cloud.pages.app import Pages
from devkit.cloud.parts import Parts

log = logging.getLogger("devkit.cloud")


def control_app(parts: Parts) -> web.Application:
    pages = Pages(parts)
    app = web.Application(middlewares=[_guard(parts.config.control_key, pages)], client_max_size=64 * 1024)
    app.add_routes(pages.routes)
    app.router.add_get("/control/health", _health(parts.config.name))
    for part in (imports, events, requests, clock, unknowns, apps, vault, faults, rights, registry, tokens, softdeleted, armwrites):
        app.add_routes(part.routes(parts))
    return app


def _health(name: str) -> Any:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"cloud": name})

    return health


def _guard(key: str, pages: Pages) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if pages.wanted(request):
            return await pages.serve(request, handler)
        if not hmac.compare_digest(request.headers.get("x-control-key", "").encode(errors="surrogateescape"), key.encode()):
            return refused(401, "the header x-control-key is missing or wrong")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return refused(error.status, error.reason)
        except ValueError as error:  # what a part says of a value that it cannot take
            return refused(400, str(error))
        except ConnectionError:
            raise  # the client left
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return refused(500, "the cloud has failed at this: its log says why")

    return guard
