"""Who calls, and may they? Basic or Bearer on every call, else the challenge that tells a client where to get a token.

Sources: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md and docs/AAD-OAuth.md."""

import base64
import binascii
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aiohttp import web

from devkit.cloud.config import CloudConfig
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.identity import Directory, Identity
from devkit.cloud.registry.access import Need, granted
from devkit.cloud.roles import Asked
from devkit.cloud.tokens import InvalidToken, Signer
from devkit.cloud.web import IDENTITY

ISSUER = "Azure Container Registry"
NAMELESS = (
    "00000000-0000-0000-0000-000000000000"  # its password is a refresh token: docs, container-registry-authentication, --expose-token
)


class RegistryAuth:
    def __init__(self, config: CloudConfig, directory: Directory, entra: EntraTokens, signer: Signer, asked: Asked) -> None:
        self._asked = asked
        self._config = config
        self._directory = directory
        self._entra = entra
        self._signer = signer

    # What each data call asks.

    def require(self, request: web.Request, need: Need | None) -> None:
        """None asks only for somebody known (`/v2/`). Raises the 401 with its challenge."""
        if not self._met(request, need):
            raise self._challenge(need, error="insufficient_scope")

    def allows(self, request: web.Request, need: Need, *, beside: Need) -> bool:
        """For what is done if allowed and left else: a mount. Raises the 401 with its challenge, for both needs at once, where another
        token would do (distribution asks for both as well, in `appendAccessRecords`)."""
        may, scoped = self._judged(request, need)
        if may and not scoped:
            raise self._challenge(beside, need, error="insufficient_scope")
        return may

    def _met(self, request: web.Request, need: Need | None) -> bool:
        return all(self._judged(request, need))

    def _judged(self, request: web.Request, need: Need | None) -> tuple[bool, bool]:
        """Whether the caller may, and whether the token says so."""
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            identity, access = self._bearer(value.strip(), need)
        elif kind.lower() == "basic":
            identity, access = self._basic(value, need), None
        else:
            raise self._challenge(need)
        request[IDENTITY] = identity.name
        if need is None:
            return True, True
        may, scoped = need.right in identity.rights, access is None or need.met_by(access)
        if identity.principal and (scoped or not may):
            self._asked.note_right(need.right, granted=may)
        return may, scoped

    def _bearer(self, token: str, need: Need | None) -> tuple[Identity, Sequence[Mapping[str, Any]]]:
        try:
            claims = self._claims(token, grant_type="access_token")
        except InvalidToken:
            raise self._challenge(need, error="invalid_token") from None
        identity = self._directory.named(claims["sub"])
        if identity is None:
            raise self._challenge(need, error="invalid_token")
        return identity, claims["access"]

    def _basic(self, encoded: str, need: Need | None) -> Identity:
        identity = self._by_password(*_credentials(encoded))
        if identity is None:
            raise self._challenge(need)
        return identity

    def _challenge(self, *asked: Need | None, error: str | None = None) -> RegistryRefusal:
        """ACR answers 401, not 403, when the token lacks a scope: the client may fetch one that has it. The same answer comes when
        the identity has no such right at all, so a second 401 is final. `error` as in RFC 6750, section 3.1."""
        login = self._config.login_server
        parts = [f'realm="https://{login}/oauth2/token"', f'service="{login}"']
        needs = [need for need in asked if need]
        parts += [f'scope="{" ".join(need.scope for need in needs)}"'] if needs else []
        parts += [f'error="{error}"'] if error else []
        detail = [{"Type": need.kind, "Name": need.name, "Action": need.actions} for need in needs] or None
        headers = {"WWW-Authenticate": "Bearer " + ",".join(parts)}
        return RegistryRefusal(401, "UNAUTHORIZED", "authentication required", detail, headers)

    # The token endpoints.

    async def token_by_get(self, request: web.Request) -> web.Response:
        """`GET /oauth2/token`, Basic: distribution documentation, "Requesting a Token"."""
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        identity = self._by_password(*_credentials(encoded)) if kind.lower() == "basic" else None
        return self._access_token(request, identity, request.query.getall("scope", []))

    async def token_by_post(self, request: web.Request) -> web.Response:
        """`POST /oauth2/token` with a password or a refresh token: Azure/acr docs/AAD-OAuth.md, "Getting credentials"."""
        form = await request.post()
        match form.get("grant_type"):
            case "password":
                identity = self._by_password(str(form.get("username", "")), str(form.get("password", "")))
            case "refresh_token":
                identity = self._by_refresh_token(str(form.get("refresh_token", "")))
            case _:
                raise RegistryRefusal(400, "UNSUPPORTED", "grant_type must be password or refresh_token")
        return self._access_token(request, identity, [str(scope) for scope in form.getall("scope", [])])

    async def exchange(self, request: web.Request) -> web.Response:
        """`POST /oauth2/exchange`: an Entra token for the registry or for ARM becomes a refresh token (Azure/acr docs/AAD-OAuth.md;
        ARM's audience by the policy azureADAuthenticationAsArmPolicy, which is on by default)."""
        form = await request.post()
        if form.get("grant_type") != "access_token":
            raise RegistryRefusal(400, "UNSUPPORTED", "grant_type must be access_token")
        if str(form.get("tenant") or self._config.tenant_id).lower() != self._config.tenant_id.lower():
            raise _unauthorized()
        try:
            token = self._entra.verify(str(form.get("access_token", "")))
        except InvalidToken:
            raise _unauthorized() from None
        if token.audience not in {self._config.arm_audience, self._config.acr_audience}:
            raise _unauthorized()
        request[IDENTITY] = token.principal.client_id
        lifetime = self._config.lifetimes.refresh_seconds
        return _json({"refresh_token": self._sign(token.principal.client_id, "refresh_token", lifetime)})

    def _access_token(self, request: web.Request, identity: Identity | None, scopes: Sequence[str]) -> web.Response:
        if identity is None:
            raise _unauthorized()
        request[IDENTITY] = identity.name
        lifetime = self._config.lifetimes.access_seconds
        asked = [one for scope in scopes for one in scope.split()]  # RFC 6749, 3.3: space-separated, in one parameter or many
        token = self._sign(identity.name, "access_token", lifetime, access=granted(asked, identity))
        return _json({"access_token": token, "token": token, "expires_in": int(lifetime)})

    def _by_password(self, name: str, password: str) -> Identity | None:
        return self._by_refresh_token(password) if name == NAMELESS else self._directory.by_password(name, password)

    def _by_refresh_token(self, token: str) -> Identity | None:
        try:
            return self._directory.named(self._claims(token, grant_type="refresh_token")["sub"])
        except InvalidToken:
            return None

    def _sign(self, name: str, grant_type: Literal["access_token", "refresh_token"], lifetime: float, **more: Any) -> str:
        claims = {"iss": ISSUER, "aud": self._config.login_server, "sub": name, "grant_type": grant_type, "jti": str(uuid.uuid4())}
        return self._signer.token({**claims, **more}, lifetime=lifetime)

    def _claims(self, token: str, *, grant_type: str) -> dict[str, Any]:
        claims = self._signer.claims(token, issuer=ISSUER)
        if claims["aud"] != self._config.login_server or claims["grant_type"] != grant_type:
            raise InvalidToken
        return claims


def _credentials(encoded: str) -> tuple[str, str]:
    """RFC 7617. What cannot be read is nobody's."""
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, password


def _unauthorized() -> RegistryRefusal:
    return RegistryRefusal(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization for more information.")


def _json(value: Mapping[str, Any]) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json")
