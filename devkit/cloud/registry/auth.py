"""Who calls, and may they? Basic or Bearer on every call, else the challenge that tells a client where to get a token.

Sources: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md and docs/AAD-OAuth.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.identities.roles import Asked
from devkit.cloud.registry.access import Need
from devkit.cloud.registry.tokens import RegistryTokens
from devkit.cloud.tokens import InvalidToken
from devkit.cloud.web import IDENTITY


class RegistryAuth:
    def __init__(self, login_server: str, tokens: RegistryTokens, asked: Asked) -> None:
        self._login_server = login_server
        self._tokens = tokens
        self._asked = asked

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
        access: Sequence[Mapping[str, Any]] | None
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            try:
                identity, access = self._tokens.by_bearer(value.strip())
            except InvalidToken:
                raise self._challenge(need, error="invalid_token") from None
        elif kind.lower() == "basic" and (found := self._tokens.by_basic(value)):
            identity, access = found, None
        else:
            raise self._challenge(need)
        request[IDENTITY] = identity.name or "anonymous"
        if need is None:
            return True, True
        may, scoped = need.right in identity.rights.on(need.repository), access is None or need.met_by(access)
        if identity.principal and (scoped or not may):
            self._asked.note_right(need.right, granted=may)
        return may, scoped

    def _challenge(self, *asked: Need | None, error: str | None = None) -> RegistryRefusal:
        """ACR answers 401, not 403, when the token lacks a scope: the client may fetch one that has it. The same answer comes when
        the identity has no such right at all, so a second 401 is final. `error` as in RFC 6750, section 3.1."""
        login = self._login_server
        parts = [f'realm="https://{login}/oauth2/token"', f'service="{login}"']
        needs = [need for need in asked if need]
        parts += [f'scope="{" ".join(need.scope for need in needs)}"'] if needs else []
        parts += [f'error="{error}"'] if error else []
        detail = [{"Type": need.kind, "Name": need.name, "Action": need.actions} for need in needs] or None
        headers = {"WWW-Authenticate": "Bearer " + ",".join(parts)}
        return RegistryRefusal(401, "UNAUTHORIZED", "authentication required", detail, headers)
