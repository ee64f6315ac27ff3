"""The source registry, read with a repository token that can pull and nothing else.

Source: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md."""

import base64

from registries.keyvault import require_resolved
from registries.refusals import Side, is_refused, right_missing
from registries.registry import Registry
from registries.tokenanswers import token_of
from registries.tokens import Token, TokenCache
from registries.wire import Answer, Wire
from replication.failures import Refused
from replication.targets import Source, SourceToken

SCOPE_MAP_ACTIONS = {  # by the actions of scopes ("Create a token with repository-scoped permissions")
    "pull": "content/read",
    "push": "content/write",
    "delete": "content/delete",
    "metadata_read": "metadata/read",
    "metadata_write": "metadata/write",
}


class SourceTokens:
    """Asks the configured login server alone: a challenge's realm was written by whoever answered."""

    def __init__(self, source: Source, token: SourceToken, side: Side, wire: Wire) -> None:
        self._source = source
        self._token = token
        self._side = side
        self._wire = wire
        self._cache = TokenCache(self._fetch)

    async def get(self, scope: str) -> Token:
        return await self._cache.get(scope)

    def forget(self, scope: str, token: Token) -> None:
        self._cache.forget(scope, token)

    async def _fetch(self, scope: str) -> Token:
        """A refusal for one scope is followed by a request without: if that is granted, the refusal meant the repository alone."""
        doing = f"get a pull token from {self._side.name} as {self._token.name}"
        answer = await self._ask(scope, doing)
        if is_refused(answer):
            token_of(await self._ask(None, doing), "access_token", self._side, doing)
            raise Refused(right_missing(answer, self._side, scope, doing))
        return token_of(answer, "access_token", self._side, doing)

    async def _ask(self, scope: str | None, doing: str) -> Answer:
        require_resolved(self._token.password, self._token.setting, doing)
        basic = base64.b64encode(f"{self._token.name}:{self._token.password.reveal()}".encode()).decode()
        query = {"service": self._source.login_server} | ({} if scope is None else {"scope": scope})
        return await self._wire.send("GET", "/oauth2/token", doing=doing, headers={"Authorization": f"Basic {basic}"}, params=query)


def source_registry(source: Source, wire: Wire, own: SourceToken | None = None) -> tuple[Registry, SourceTokens]:
    """`own`: another token of the source than the app's, by which a target copies."""
    token = own or source.token
    name, settings = source.registry.name, token.setting if own else f"SourceACRPullTokenName and {token.setting}"
    side = Side(
        name=str(source),
        registry=name,
        denied="source_denied",
        denied_hint=f"Check {settings}: the token {token.name} must be enabled and its password valid (az acr token show --registry"
        f" {name} --name {token.name}).",
        lacking="source_right_missing",
        lacking_hint=f"The scope map of the token {token.name} lacks {{right}} on {{repository}}: az acr scope-map update --registry {name}"
        f" --name <its scope map> --add-repository {{repository}} {{right}}; then push again.",
        rights=SCOPE_MAP_ACTIONS,
    )
    tokens = SourceTokens(source, token, side, wire)
    return Registry(side, wire, tokens), tokens
