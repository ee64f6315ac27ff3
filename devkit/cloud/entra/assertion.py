"""A JSON Web Token that somebody else has signed (RFC 7515, compact form; RFC 7519)."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

# Entra: "Certificate credentials", assertion format. PS256's salt is as long as its hash (RFC 7518, 3.5).
PADDINGS: Mapping[str, AsymmetricPadding] = {"RS256": PKCS1v15(), "PS256": PSS(MGF1(SHA256()), SHA256.digest_size)}


class Malformed(Exception):
    """Not a JSON Web Token of an algorithm that Entra takes."""


@dataclass(frozen=True, slots=True)
class Assertion:
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    _signed: bytes
    _signature: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `Malformed`."""
        try:
            header, claims, signature = text.split(".")
            found = cls(_object(header), _object(claims), f"{header}.{claims}".encode(), _decoded(signature))
        except (ValueError, binascii.Error, RecursionError):
            raise Malformed from None
        if found.header.get("alg") not in list(PADDINGS) or "exp" not in found.claims:
            raise Malformed
        return found

    def claim(self, name: str) -> str:
        """Empty for what is absent or no text."""
        value = self.claims.get(name)
        return value if isinstance(value, str) else ""

    @property
    def audience(self) -> str:
        """A text, or a list of one, as Kubernetes writes it (RFC 7519, 4.1.3). Empty for what is neither."""
        value = self.claims.get("aud")
        return self.claim("aud") if not isinstance(value, list) else value[0] if len(value) == 1 and isinstance(value[0], str) else ""

    def moment(self, name: str) -> float:
        """0 for what is absent or no number."""
        value = self.claims.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11 else 0.0

    def signed_by(self, key: RSAPublicKey) -> bool:
        try:
            key.verify(self._signature, self._signed, PADDINGS[self.header["alg"]], SHA256())
        except InvalidSignature:
            return False
        return True


def _object(part: str) -> dict[str, Any]:
    value = json.loads(_decoded(part))
    if not isinstance(value, dict):
        raise ValueError(part)
    return value


def _decoded(part: str) -> bytes:
    """With or without padding: azure-identity's own assertions have it, though RFC 7515 does not."""
    bare = part.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
