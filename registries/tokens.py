"""Tokens, and secrets that were read: kept in memory until shortly before they expire, one for each scope, audience or place. They never
leave the process.

An answer of ACR's token endpoint need not say how long a token lives; the token, a JWT, does (RFC 7519, 4.1.4). Without either the
distribution specification's default holds: 60 seconds."""

import asyncio
import base64
import json
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, Self, TypeVar

from replication.failures import Refused
from replication.secret import Secret

DEFAULT_LIFETIME = 60.0  # seconds
LONGEST_LIFETIME = 86_400.0  # seconds, whatever an answer says
LONGEST_TOKEN = 64 * 1024  # characters; a thousand of them are kept
MARGIN = 60.0  # seconds before the end at which a token is renewed, but at most a fifth of its life
JUST = 60.0  # seconds; a step may look elsewhere between having a token and using it
MOST = 1000  # scopes; then the expired ones are forgotten, and those obtained first
RETRY = 60.0  # seconds, where a renewal failed and what is at hand is still good
PASSING = ("transient", "throttled")  # failures that say nothing of what was to be renewed

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Token:
    value: Secret
    lifetime: float  # seconds
    renew_at: float  # on the monotonic clock
    obtained: float  # on the monotonic clock

    @classmethod
    def of(cls, value: str, expires_in: object = None) -> Self:
        told = _seconds(expires_in)
        lifetime = _lifetime(value) if told is None else told
        now = time.monotonic()
        return cls(Secret(value), lifetime, now + lifetime - min(MARGIN, lifetime / 5), now)

    @property
    def fresh(self) -> bool:
        return time.monotonic() < self.renew_at

    @property
    def just_obtained(self) -> bool:
        """Whoever gave it knew the credential a moment ago, so what refuses it now does not mean the credential."""
        return time.monotonic() - self.obtained < JUST

    @property
    def valid_for(self) -> float:
        """Seconds until it is renewed."""
        return max(0.0, self.renew_at - time.monotonic())

    @property
    def ended(self) -> bool:
        return time.monotonic() >= self.obtained + self.lifetime


class Tokens(Protocol):
    """Who gives the tokens of one registry. Raises `Refused`."""

    async def get(self, scope: str) -> Token: ...

    def forget(self, scope: str, token: Token) -> None: ...


@dataclass(slots=True)
class TokenCache(Generic[Key]):
    """Those who ask for one scope at the same time share one fetch, and its failure too: they do not queue up at a host that is down. Where
    it is, what has not ended yet is used on."""

    fetch: Callable[[Key], Awaitable[Token]]
    _tokens: dict[Key, Token] = field(default_factory=dict)  # in the order in which they were obtained
    _fetching: dict[Key, asyncio.Task[Token]] = field(default_factory=dict)

    async def get(self, scope: Key) -> Token:
        token = self._tokens.get(scope)
        if token is not None and token.fresh:
            return token
        fetching = self._fetching.get(scope)
        if fetching is None:
            fetching = self._fetching[scope] = asyncio.ensure_future(self._fetch(scope))
            fetching.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, even if nobody waits any more
        return await asyncio.shield(fetching)  # one who gives up does not end it for the others

    def forget(self, scope: Key, token: Token) -> None:
        """`token` was refused; a newer one stays."""
        if self._holds(scope, token):
            del self._tokens[scope]

    def renew(self, scope: Key, token: Token) -> None:
        """`token` may have been replaced: it is renewed when it is asked for next, if that is possible."""
        if self._holds(scope, token):
            self._tokens[scope] = replace(token, renew_at=-math.inf)

    def _holds(self, scope: Key, token: Token) -> bool:
        kept = self._tokens.get(scope)
        return kept is not None and kept.value is token.value

    async def _fetch(self, scope: Key) -> Token:
        try:
            token = await self.fetch(scope)
        except Refused as refused:
            old = self._tokens.get(scope)
            if old is None or old.ended or refused.failure.kind not in PASSING:
                raise
            token = replace(old, renew_at=time.monotonic() + RETRY)
        finally:
            del self._fetching[scope]
        self._tokens.pop(scope, None)
        self._tokens[scope] = token
        if len(self._tokens) > MOST:
            self._tokens = {scope: token for scope, token in self._tokens.items() if token.fresh}
        if len(self._tokens) > MOST:
            del self._tokens[next(iter(self._tokens))]
        return token


def sdk_token(value: object, expires_on: object) -> Token:
    """`expires_on`: seconds since 1970. Raises `TypeError`: an SDK hands on whatever stands in the answer."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TOKEN:
        raise TypeError("the token is no text, or too long")
    return Token.of(value, expires_on - time.time() if isinstance(expires_on, int | float) else None)


def expiry_of(token: str) -> float | None:
    """Of a JWT, in seconds since 1970; None where it does not tell."""
    try:
        end = _claims(token)["exp"]
    except (IndexError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end) else None


def _claims(token: str) -> Any:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _lifetime(token: str) -> float:
    try:
        claims = _claims(token)
        seconds = _seconds(claims["exp"] - claims.get("iat", claims.get("nbf", time.time())))
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return DEFAULT_LIFETIME
    return DEFAULT_LIFETIME if seconds is None else seconds


def _seconds(value: object) -> float | None:
    """None for what is no number: JSON has texts and truths, and Python's reads NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and math.isnan(value)):
        return None
    return float(min(max(value, 0), LONGEST_LIFETIME))
