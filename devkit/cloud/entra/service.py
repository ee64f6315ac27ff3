"""The token endpoint, and what a client asks before it. What a token says, `EntraTokens` knows."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig
from devkit.cloud.config.azureclouds import AZURE_CLOUDS
from devkit.cloud.entra import refusals
from devkit.cloud.entra.apps import App
from devkit.cloud.entra.proof import Proofs
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.errors import WALL, EntraRefusal
from devkit.cloud.unknowns import Switches
from devkit.cloud.web import IDENTITY


def by_clock(clock: Clock) -> Middleware:
    """Refusals have the cloud's time, whoever makes them."""

    @web.middleware
    async def stamped(request: web.Request, handler: Handler) -> web.StreamResponse:
        WALL.set(clock.wall)
        return await handler(request)

    return stamped


class EntraService:
    def __init__(self, config: CloudConfig, clock: Clock, unknowns: Switches, tokens: EntraTokens) -> None:
        self._config = config
        self._tokens = tokens
        base = f"{config.entra_url}/{config.tenant_id}"
        self._proofs = Proofs(clock, config.azure, unknowns, frozenset({f"{base}/oauth2/v2.0/token", f"{base}/v2.0", base}))

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/common/discovery/instance", self.instances),
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", self.configuration),
            web.get("/{tenant}/discovery/v2.0/keys", self.keys),
            web.post("/{tenant}/oauth2/v2.0/token", self.token),
        ]

    async def instances(self, request: web.Request) -> web.Response:
        """Instance discovery, which MSAL asks about an authority that it does not know: Azure's own hosts are known, this one is not, so
        that a client which discovers it fails as it would at the real service (acr.md 4.2)."""
        asked = urlsplit(request.query.get("authorization_endpoint", ""))
        tenant = asked.path.strip("/").partition("/")[0]
        known = [cloud.authorities for cloud in AZURE_CLOUDS.values() if asked.hostname in cloud.authorities]
        if not known or not tenant:
            raise EntraRefusal(400, "invalid_instance", 50049, "Unknown or invalid instance.")
        metadata = [
            {"preferred_network": cloud.authorities[0], "preferred_cache": cloud.authorities[0], "aliases": list(cloud.authorities)}
            for cloud in AZURE_CLOUDS.values()
        ]
        discovery = f"https://{asked.hostname}/{tenant}/v2.0/.well-known/openid-configuration"
        return _json({"tenant_discovery_endpoint": discovery, "api-version": "1.1", "metadata": metadata})

    async def configuration(self, request: web.Request) -> web.Response:
        """OpenID Connect discovery, which MSAL asks before its first token."""
        tenant = self._require_tenant(request, "invalid_tenant")
        base = f"{self._config.entra_url}/{tenant}"
        return _json(
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "cloud_instance_name": self._config.azure.authorities[0].removeprefix("login."),
            }
        )

    async def keys(self, request: web.Request) -> web.Response:
        """None: only the services of this cloud can check its tokens (devkit/cloud/tokens.py)."""
        self._require_tenant(request, "invalid_tenant")
        return _json({"keys": []})

    async def token(self, request: web.Request) -> web.Response:
        self._require_tenant(request, "invalid_request")
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if (grant := _required(form, "grant_type")) != "client_credentials":
            raise refusals.unsupported_grant(grant)
        app = self._app(_required(form, "client_id"))
        proof = self._proofs.require(form, app)
        audience = self._audience(_required(form, "scope"))
        request[IDENTITY] = app.principal.client_id
        lifetime = self._config.lifetimes.entra_seconds
        token = self._tokens.issue(app, audience, proof=proof, lifetime=lifetime)
        return _json({"token_type": "Bearer", "expires_in": int(lifetime), "ext_expires_in": int(lifetime), "access_token": token})

    def _require_tenant(self, request: web.Request, error: str) -> str:
        tenant = request.match_info["tenant"]
        if tenant.lower() != self._config.tenant_id.lower():
            raise refusals.unknown_tenant(tenant, error)
        return tenant

    def _app(self, client: str) -> App:
        app = self._tokens.apps.find(client)
        if app is None:
            raise refusals.unknown_app(client, self._config.tenant_id)
        if app.disabled:
            raise refusals.disabled_app(client)
        return app

    def _audience(self, scope: str) -> str:
        resource, default, rest = scope.partition("/.default")
        if not default or rest:
            raise refusals.bad_scope(scope)
        audience = self._tokens.audience(resource)
        if audience is None:
            raise refusals.unknown_resource(resource, self._config.tenant_id)
        return audience


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise refusals.missing(name)
    return form[name]


def _json(value: Mapping[str, Any]) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json", headers={"Cache-Control": "no-store, no-cache"})
