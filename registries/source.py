"""The source registry, read with a repository token that can pull and nothing else.

Source: distribution documentation, "Token Authentication Specification"; Azure/acr docs/Token-BasicAuth.md."""

import base64
from collections.abc import Sequence
from dataclasses import replace

from registries.heldsecrets import HeldSecrets
from registries.pullpasswords import PullPasswords
from registries.refusals import Side, is_refused, right_missing, token_refusal
from registries.registry import Registry
from registries.tokenanswers import token_of
from registries.tokens import PASSING, Token, TokenCache
from registries.wire import Answer, Wire
from replication.credential import origin_of
from replication.failures import Refused
from replication.secret import Secret
from replication.targets import Source, SourceToken

PROOF = "proof"
SCOPE_MAP_ACTIONS = {  # by the actions of scopes ("Create a token with repository-scoped permissions")
    "pull": "content/read",
    "push": "content/write",
    "delete": "content/delete",
    "metadata_read": "metadata/read",
    "metadata_write": "metadata/write",
}


class SourceTokens:
    """Asks the configured login server alone: a challenge's realm was written by whoever answered."""

    def __init__(self, source: Source, token: SourceToken, side: Side, wire: Wire, secrets: HeldSecrets) -> None:
        self._source = source
        self._token = token
        self._side = side
        self._wire = wire
        self._passwords = PullPasswords(token, secrets)
        self._cache: TokenCache[str] = TokenCache(self._fetch)
        self._proofs: TokenCache[str] = TokenCache(self._prove)

    async def get(self, scope: str) -> Token:
        return await self._cache.get(scope)

    def forget(self, scope: str, token: Token) -> None:
        self._cache.forget(scope, token)

    async def password(self, doing: str) -> Secret:
        """One that the source takes, for ARM, which signs in there itself. Raises `Refused`."""
        if (certain := await self._passwords.certain(doing)) is None:
            await self.prove()
            certain = await self._passwords.certain(doing)
        return (await self._passwords.read(doing))[0][0] if certain is None else certain

    async def prove(self) -> None:
        """That the source takes a password now; those who ask at once share one proof. Raises `Refused`."""
        await self._proofs.get(PROOF)

    async def _prove(self, _: str) -> Token:
        """Of the past as soon as it is there."""
        return replace(await self._fetch(None), lifetime=0.0, renew_at=0.0)

    async def _fetch(self, scope: str | None) -> Token:
        """By each password that there is, then by those that have taken the places of refused ones meanwhile."""
        doing = f"get a pull token from {self._side.name} as {self._token.name}"
        known, trouble = await self._passwords.read(doing)
        answer, token = await self._by(known, scope, doing)
        if token is None and (renewed := await self._passwords.renewed(known)):
            answer, token = await self._by(renewed, scope, doing)
        if token is not None:
            return token
        if trouble is not None and trouble.kind in PASSING:
            raise Refused(trouble)  # of a slot that could not be read: it may hold the right one
        raise Refused(token_refusal(answer, self._side, doing))

    async def _by(self, passwords: Sequence[Secret], scope: str | None, doing: str) -> tuple[Answer, Token | None]:
        """The last refusal, or by the first password that the source takes. At least one is given."""
        for password in passwords:
            answer = await self._try(scope, password, doing)
            if not is_refused(answer):
                token = token_of(answer, "access_token", self._side, doing)
                self._passwords.take(password)
                return answer, token
        return answer, None

    async def _try(self, scope: str | None, password: Secret, doing: str) -> Answer:
        """A refusal for one scope is followed by a request without: if that is granted, the refusal meant the repository alone, and
        `Refused` is raised; else the password."""
        answer = await self._ask(scope, password, doing)
        if scope is None or not is_refused(answer):
            return answer
        without = await self._ask(None, password, doing)
        if is_refused(without):
            return without
        token_of(without, "access_token", self._side, doing)
        self._passwords.take(password)
        raise Refused(right_missing(answer, self._side, scope, doing))

    async def _ask(self, scope: str | None, password: Secret, doing: str) -> Answer:
        basic = base64.b64encode(f"{self._token.name}:{password.reveal()}".encode()).decode()
        query = {"service": self._source.login_server} | ({} if scope is None else {"scope": scope})
        return await self._wire.send("GET", "/oauth2/token", doing=doing, headers={"Authorization": f"Basic {basic}"}, params=query)


def source_registry(
    source: Source, wire: Wire, own: SourceToken | None = None, *, secrets: HeldSecrets | None = None
) -> tuple[Registry, SourceTokens]:
    """`own`: another token of the source than the app's, by which a target copies."""
    token = own or source.token
    held = " and ".join(origin_of(password, setting).removeprefix("the setting ") for setting, password in token.slots)
    name, settings = source.registry.name, held if own else f"SourceACRPullTokenName and {held}"
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
    tokens = SourceTokens(source, token, side, wire, secrets or HeldSecrets())
    return Registry(side, wire, tokens), tokens
