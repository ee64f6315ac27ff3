"""The token endpoints: Entra token to refresh token to access token, or a password to an access token (acr.md 3, 4.4).

Sources: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md and docs/AAD-OAuth.md."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from devkit.cloud.config import CloudConfig
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.identities.directory import Identity
from devkit.cloud.registry.access import may_all
from devkit.cloud.registry.tokens import RegistryTokens
from devkit.cloud.registrysettings import RegistrySettings
from devkit.cloud.tokens import InvalidToken
from devkit.cloud.unknowns import Switches
from devkit.cloud.web import IDENTITY


class TokenEndpoints:
    def __init__(
        self, config: CloudConfig, tokens: RegistryTokens, entra: EntraTokens, settings: RegistrySettings, unknowns: Switches
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._entra = entra
        self._settings = settings
        self._unknowns = unknowns

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/oauth2/token", self.by_get, allow_head=False),
            web.post("/oauth2/token", self.by_post),
            web.post("/oauth2/exchange", self.exchange),
        ]

    async def by_get(self, request: web.Request) -> web.Response:
        """`GET /oauth2/token`, Basic: distribution documentation, "Requesting a Token". Without, for anonymous pull."""
        self._require_service(request.query)
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        identity = self._tokens.by_basic(encoded) if kind.lower() == "basic" else None if kind else self._tokens.anonymous()
        return self._access_token(request, identity, request.query.getall("scope", []))

    async def by_post(self, request: web.Request) -> web.Response:
        """`POST /oauth2/token` with a password or a refresh token: Azure/acr docs/AAD-OAuth.md, "Getting credentials"."""
        form = await request.post()
        self._require_service(form)
        match form.get("grant_type"):
            case "password":
                identity = self._tokens.by_password(str(form.get("username", "")), str(form.get("password", "")))
            case "refresh_token":
                identity = self._tokens.by_refresh(str(form.get("refresh_token", "")))
            case _:
                raise RegistryRefusal(400, "UNSUPPORTED", "grant_type must be password or refresh_token")
        return self._access_token(request, identity, [str(scope) for scope in form.getall("scope", [])])

    async def exchange(self, request: web.Request) -> web.Response:
        """`POST /oauth2/exchange`: `tenant` may be left out, as the SDK does (acr.md 4.4)."""
        form = await request.post()
        self._require_service(form)
        if form.get("grant_type") != "access_token":
            raise RegistryRefusal(400, "UNSUPPORTED", "grant_type must be access_token")
        if str(form.get("tenant") or self._config.tenant_id).lower() != self._config.tenant_id.lower():
            raise _unauthorized()
        try:
            token = self._entra.verify(str(form.get("access_token", "")))
        except InvalidToken:
            raise _unauthorized() from None
        if token.audience not in self._audiences():
            raise _unauthorized()
        request[IDENTITY] = token.principal.client_id
        return _json({"refresh_token": self._tokens.refresh(token.principal.client_id)})

    def _audiences(self) -> set[str]:
        """acr.md 4.4: sources disagree on which it is outside the public cloud; by the policy azureADAuthenticationAsArmPolicy, which is
        enabled unless set otherwise, ARM's is taken or not."""
        known = {"acr": self._config.acr_audience, "arm": self._config.arm_audience}
        if not self._settings.now.policies.arm_tokens:
            return {known["acr"]}
        answer = self._unknowns.now.acr_audience
        return set(known.values()) if answer == "both" else {known[answer]}

    def _access_token(self, request: web.Request, identity: Identity | None, scopes: Sequence[str]) -> web.Response:
        if identity is None:
            raise _unauthorized()
        request[IDENTITY] = identity.name or "anonymous"
        asked = [one for scope in scopes for one in scope.split()]  # RFC 6749, 3.3: space-separated, in one parameter or many
        if self._unknowns.now.missing_scope == "token" and not may_all(asked, identity):
            raise _unauthorized()
        token = self._tokens.access(identity, asked)
        return _json({"access_token": token, "token": token, "expires_in": int(self._config.lifetimes.access_seconds)})

    def _require_service(self, given: Mapping[str, Any]) -> None:
        """It names the registry: docs/AAD-OAuth.md has it as required. How another is refused is not recorded."""
        if str(given.get("service", "")).lower() != self._config.login_server.lower():
            raise RegistryRefusal(400, "UNSUPPORTED", f"service must be {self._config.login_server}")


def _unauthorized() -> RegistryRefusal:
    return RegistryRefusal(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization for more information.")


def _json(value: Mapping[str, Any]) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json")
