"""The pages' routes, and who may ask for them."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from devkit.cloud.pages.frame import Page
from devkit.cloud.pages.manifest import manifest
from devkit.cloud.pages.overview import overview
from devkit.cloud.pages.repository import repository
from devkit.cloud.parts import Parts

PATHS: dict[str, Callable[[Parts, web.Request], Page]] = {
    "/": overview,
    "/repositories/{name:.+}": repository,
    "/manifests/{name:[^@]+}@{digest:[^/@]+}": manifest,
}
OWN_NAMES = {"localhost", "127.0.0.1"}


class Pages:
    """To be asked before the control API's key is: `wanted` tells which requests are for a page."""

    def __init__(self, parts: Parts) -> None:
        self._cloud = parts.config.name
        self._parts = parts
        self.routes = [web.get(path, self._handler(page), name=f"page-{page.__name__}") for path, page in PATHS.items()]
        self._names = {str(route.kwargs["name"]) for route in self.routes}

    def wanted(self, request: web.Request) -> bool:
        return request.match_info.route.name in self._names

    async def serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The Host header is the name that the browser was told: another one may be anybody's (DNS rebinding)."""
        if request.headers.get("Host", "").partition(":")[0].lower() not in OWN_NAMES:
            return web.Response(status=421, text="This page is at http://localhost and http://127.0.0.1 alone: ask there, with its port.\n")
        try:
            return await handler(request)
        except web.HTTPNotFound as missing:
            return Page(missing.reason, ["It may have been deleted."]).answer(request, self._cloud, status=404)

    def _handler(self, page: Callable[[Parts, web.Request], Page]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            return page(self._parts, request).answer(request, self._cloud)

        return handler
