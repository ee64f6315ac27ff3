"""The export policy: when it is off, nothing is imported out of this registry (acr.md 2.3 [D]); pulls go on.

How Azure tells an import's reads from a pull is not published. The importing local cloud marks its own; an import by Azure itself, or by
anybody else's imitation, would not be known here."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.imports.source import MARK
from devkit.cloud.registrysettings import RegistrySettings


def exporting(settings: RegistrySettings) -> Middleware:
    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if MARK in request.headers and not settings.now.policies.export:
            raise RegistryRefusal(403, "DENIED", "the registry's export policy is disabled")
        return await handler(request)

    return refuse
