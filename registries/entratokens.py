"""A registry's tokens for whoever has one of Entra.

Source: Azure/acr docs/AAD-OAuth.md: an Entra token is exchanged for a refresh token (about three hours), that for an access token of one
scope (about an hour)."""

import time
from dataclasses import dataclass

from registries.refusals import Side, is_refused, right_missing
from registries.signing import Signer
from registries.tokenanswers import token_of
from registries.tokens import Token, TokenCache
from registries.wire import Answer, Wire
from replication.failures import Refused

REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where, of what, and for whom. `who` is for people; `tenant_id` may be left out (the SDK does)."""

    login_server: str
    audience: str
    who: str
    tenant_id: str | None = None


class EntraTokens:
    def __init__(self, exchange: Exchange, side: Side, wire: Wire, signer: Signer) -> None:
        self._exchange = exchange
        self._side = side
        self._wire = wire
        self._signer = signer
        self._refresh: TokenCache[str] = TokenCache(self._exchanged)
        self._access: TokenCache[str] = TokenCache(self._fetch)

    async def refresh_token(self) -> Token:
        """The gate: whether Entra knows the principal and the registry takes its token."""
        return await self._refresh.get(REFRESH)

    async def get(self, scope: str) -> Token:
        return await self._access.get(scope)

    def forget(self, scope: str, token: Token) -> None:
        self._access.forget(scope, token)

    async def _exchanged(self, _: str) -> Token:
        """An Entra token that was at hand and is refused may have been revoked: it is exchanged anew by another one."""
        doing, began = f"exchange the Entra token of {self._exchange.who} at {self._side.name}", time.monotonic()
        entra = await self._signer.token(self._exchange.audience)
        answer = await self._ask_exchange(entra, doing)
        if is_refused(answer) and entra.obtained < began:
            self._signer.forget(self._exchange.audience, entra)
            answer = await self._ask_exchange(await self._signer.token(self._exchange.audience), doing)
        return token_of(answer, "refresh_token", self._side, doing)

    async def _ask_exchange(self, entra: Token, doing: str) -> Answer:
        form = {"grant_type": "access_token", "service": self._exchange.login_server, "access_token": entra.value.reveal()}
        if self._exchange.tenant_id is not None:
            form["tenant"] = self._exchange.tenant_id
        return await self._wire.send("POST", "/oauth2/exchange", doing=doing, data=form)

    async def _fetch(self, scope: str) -> Token:
        """A refusal may mean a refresh token that was revoked before its time, so the Entra token is exchanged anew, which is a request
        without a scope: if that is granted and the scope is refused again, the refusal meant the repository alone."""
        doing = f"get a token for {scope} from {self._side.name}"
        refresh = await self.refresh_token()
        answer = await self._ask(scope, refresh, doing)
        if is_refused(answer) and not refresh.just_obtained:
            self._refresh.forget(REFRESH, refresh)
            answer = await self._ask(scope, await self.refresh_token(), doing)
        if is_refused(answer):
            raise Refused(right_missing(answer, self._side, scope, doing))
        return token_of(answer, "access_token", self._side, doing)

    async def _ask(self, scope: str, refresh: Token, doing: str) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "service": self._exchange.login_server,
            "scope": scope,
            "refresh_token": refresh.value.reveal(),
        }
        return await self._wire.send("POST", "/oauth2/token", doing=doing, data=form)
