"""The registry as a web application."""

import uuid

from aiohttp import web

from devkit.cloud.content.manifest import LIMIT
from devkit.cloud.errors import unexpected_by_registry
from devkit.cloud.faults.imposing import middlewares
from devkit.cloud.parts import Parts
from devkit.cloud.registry.attributes import Attributes
from devkit.cloud.registry.auth import RegistryAuth
from devkit.cloud.registry.blobs import Blobs
from devkit.cloud.registry.dataendpoint import DataEndpoint
from devkit.cloud.registry.exports import exporting
from devkit.cloud.registry.listing import Listing
from devkit.cloud.registry.manifests import Manifests
from devkit.cloud.registry.oauth import TokenEndpoints
from devkit.cloud.registry.ratelimits import limiting
from devkit.cloud.registry.routes import Dispatcher, routes
from devkit.cloud.registry.tokens import RegistryTokens
from devkit.cloud.registry.uploads import Uploads


def registry_app(parts: Parts, data: DataEndpoint) -> web.Application:
    database, store, events = parts.database, parts.store, parts.events
    tokens = RegistryTokens(parts.config, parts.directory, parts.signer, parts.registry)
    auth = RegistryAuth(parts.config.login_server, tokens, parts.asked)
    uploads = Uploads(store, parts.files, auth, parts.clock)
    table = routes(
        Listing(store),
        Manifests(database, store, events, parts.registry),
        Blobs(store, parts.files, data),
        uploads,
        Attributes(parts.config.login_server, database, store, parts.files, events),
    )
    layers = [*middlewares("registry", parts, unexpected_by_registry), exporting(parts.registry), limiting(parts.registry, parts.clock)]
    app = web.Application(middlewares=layers, client_max_size=LIMIT)
    app.add_routes(TokenEndpoints(parts.config, tokens, parts.entra, parts.registry, parts.unknowns).routes())
    app.router.add_route("*", r"/{path:[\s\S]*}", Dispatcher(auth, table, parts.unknowns))
    app.on_response_prepare.append(_stamp)
    app.cleanup_ctx.append(uploads.while_serving)
    return app


async def _stamp(_: web.Request, response: web.StreamResponse) -> None:
    """What every answer of an ACR data plane carries (acr.md 5)."""
    response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
    response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Ms-Correlation-Request-Id"] = str(uuid.uuid4())
