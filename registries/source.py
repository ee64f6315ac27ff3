"""The source registry, read with a repository token that can pull and nothing else.

Source: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md."""

import base64

from registries.keyvault import require_resolved
from registries.refusals import Side
from registries.registry import Registry
from registries.tokenanswers import token_of
from registries.tokens import Token, TokenCache
from registries.wire import Wire
from replication.targets import Source


class SourceTokens:
    """Asks the configured login server alone: a challenge's realm was written by whoever answered."""

    def __init__(self, source: Source, side: Side, wire: Wire) -> None:
        self._source = source
        self._side = side
        self._wire = wire
        self._cache = TokenCache(self._fetch)

    async def get(self, scope: str) -> Token:
        return await self._cache.get(scope)

    def forget(self, scope: str, token: Token) -> None:
        self._cache.forget(scope, token)

    async def _fetch(self, scope: str) -> Token:
        doing = f"get a pull token from {self._side.name} as {self._source.token_name}"
        require_resolved(self._source.token_password, "SourceACRPullTokenPassword", doing)
        basic = base64.b64encode(f"{self._source.token_name}:{self._source.token_password.reveal()}".encode()).decode()
        query = {"service": self._source.login_server, "scope": scope}
        answer = await self._wire.send("GET", "/oauth2/token", doing=doing, headers={"Authorization": f"Basic {basic}"}, params=query)
        return token_of(answer, "access_token", self._side, doing)


def source_registry(source: Source, wire: Wire) -> tuple[Registry, SourceTokens]:
    side = Side(
        str(source),
        "source_denied",
        f"Check SourceACRPullTokenName and SourceACRPullTokenPassword: the token {source.token_name} must be enabled, its password valid,"
        " and its scope map must allow content/read on that repository.",
    )
    tokens = SourceTokens(source, side, wire)
    return Registry(side, wire, tokens), tokens
