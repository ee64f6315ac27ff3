"""Signed statements in the shape of JSON Web Tokens (RFC 7519), by a key that never leaves this cloud's state folder.

Real Entra signs with RSA and publishes the keys. Here the one who signs is the one who checks, so HMAC-SHA256 is enough, and no client
may look inside a token anyway."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from devkit.cloud.clock import Clock


class InvalidToken(Exception):
    """Not ours, altered, not yet valid or expired."""


class Signer:
    def __init__(self, key: bytes, clock: Clock) -> None:
        self._clock = clock
        self._key = key

    def token(self, claims: Mapping[str, Any], *, lifetime: float) -> str:
        now = self._clock.wall()
        times = {"iat": int(now), "nbf": int(now), "exp": now + lifetime}
        body = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded({**claims, **times})}"
        return f"{body}.{self.signature(body)}"

    def claims(self, token: str, *, issuer: str) -> dict[str, Any]:
        """What was signed. The issuer separates kinds: a registry's token is no Entra token. Raises `InvalidToken`."""
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self.signature(body).encode(), signature.encode(errors="surrogateescape")):
            raise InvalidToken
        try:
            payload = body.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError, binascii.Error):
            raise InvalidToken from None
        if not isinstance(claims, dict) or claims.get("iss") != issuer or not claims["nbf"] <= self._clock.wall() < claims["exp"]:
            raise InvalidToken
        return claims

    def signature(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(errors="surrogateescape"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
