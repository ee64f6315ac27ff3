"""What applications prove themselves by, made for a test: certificates with their keys, and assertions signed at will."""

import base64
import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    key: RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, *, days: int = 1) -> "Certificate":
        """Valid since an hour ago; with `days` of 0, until a minute ago."""
        key = generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "replicator")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days, minutes=-1))
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        plain = serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()

    @property
    def public_pem(self) -> str:
        """Of the key alone, as an issuer publishes it."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    @property
    def both(self) -> bytes:
        return (self.key_pem + self.pem).encode()

    def sign(self, claims: dict[str, Any], *, algorithm: str = "RS256", named: "Certificate | None" = None) -> str:
        """A token that names this certificate, or another, by its thumbprint."""
        thumbprint = (named or self).certificate.fingerprint(hashes.SHA1())
        headers = {"x5t": base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()}
        return jwt.encode(claims, self.key, algorithm=algorithm, headers=headers)


def claims_of(client: str, audience: str, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": client, "sub": client, "aud": audience, "jti": str(uuid.uuid4()), "nbf": now, "exp": now + 600, **changed}


def claims_in(token: str) -> dict[str, Any]:
    """What a token says, whoever signed it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
