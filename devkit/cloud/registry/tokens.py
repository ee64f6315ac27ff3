"""The registry's own tokens, JSON Web Tokens as acr.md 4.4 shows them, and everything else by which a caller is known."""

import base64
import binascii
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from devkit.cloud.config import CloudConfig
from devkit.cloud.identities.directory import ANONYMOUS, Directory, Identity
from devkit.cloud.registry.access import granted
from devkit.cloud.registrysettings import RegistrySettings
from devkit.cloud.tokens import InvalidToken, Signer

ISSUER = "Azure Container Registry"
NAMELESS = (
    "00000000-0000-0000-0000-000000000000"  # its password is a refresh token: docs, container-registry-authentication, --expose-token
)


class RegistryTokens:
    def __init__(self, config: CloudConfig, directory: Directory, signer: Signer, settings: RegistrySettings) -> None:
        self._config = config
        self._directory = directory
        self._signer = signer
        self._settings = settings

    def access(self, identity: Identity, scopes: Sequence[str]) -> str:
        lifetime = self._config.lifetimes.access_seconds
        return self._sign(identity.name, "access_token", lifetime, access=granted(scopes, identity))

    def refresh(self, name: str) -> str:
        return self._sign(name, "refresh_token", self._config.lifetimes.refresh_seconds)

    def by_bearer(self, token: str) -> tuple[Identity, Sequence[Mapping[str, Any]]]:
        """Whose access token, and what it lets him do. Raises `InvalidToken`."""
        claims = self._claims(token, grant_type="access_token")
        identity = self._named(claims["sub"])
        if identity is None:
            raise InvalidToken
        return identity, claims["access"]

    def by_basic(self, encoded: str) -> Identity | None:
        """RFC 7617. What cannot be read is nobody's."""
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return self.by_password(name, password)

    def by_password(self, name: str, password: str) -> Identity | None:
        return self.by_refresh(password) if name == NAMELESS else self._directory.by_password(name, password)

    def by_refresh(self, token: str) -> Identity | None:
        try:
            return self._named(self._claims(token, grant_type="refresh_token")["sub"])
        except InvalidToken:
            return None

    def anonymous(self) -> Identity | None:
        """Where the registry lets anybody pull; off by default (acr.md 5, `anonymousPullEnabled`)."""
        return ANONYMOUS if self._settings.now.anonymous_pull else None

    def _named(self, name: str) -> Identity | None:
        return self._directory.named(name) if name else self.anonymous()

    def _sign(self, name: str, grant_type: Literal["access_token", "refresh_token"], lifetime: float, **more: Any) -> str:
        claims = {"iss": ISSUER, "aud": self._config.login_server, "sub": name, "grant_type": grant_type, "jti": str(uuid.uuid4())}
        return self._signer.token({**claims, **more}, lifetime=lifetime)

    def _claims(self, token: str, *, grant_type: str) -> dict[str, Any]:
        claims = self._signer.claims(token, issuer=ISSUER)
        if claims["aud"] != self._config.login_server or claims["grant_type"] != grant_type:
            raise InvalidToken
        return claims
