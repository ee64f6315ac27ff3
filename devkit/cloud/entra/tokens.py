"""The tenant's access tokens: what they say, and who still accepts them.

Source: "Access token claims reference"."""

import uuid
from dataclasses import dataclass

from devkit.cloud.config import CloudConfig, Principal
from devkit.cloud.entra.apps import App, Apps
from devkit.cloud.entra.proof import Proof
from devkit.cloud.tokens import InvalidToken, Signer


@dataclass(frozen=True, slots=True)
class EntraToken:
    audience: str
    principal: Principal


class RevokedToken(InvalidToken):
    """Issued before the application's tokens were revoked."""


class EntraTokens:
    """For the services that accept this tenant's tokens, and for those that issue them."""

    def __init__(self, config: CloudConfig, signer: Signer, apps: Apps) -> None:
        self.apps = apps
        self.issuer = f"{config.entra_url}/{config.tenant_id}/"
        self._signer = signer
        self._tenant = config.tenant_id
        self._audiences = {config.arm_audience, config.acr_audience, config.azure.vault_audience}

    def audience(self, resource: str) -> str | None:
        """As tokens carry it; None for what is no resource of this tenant."""
        bare = resource.rstrip("/")
        return bare if bare in self._audiences else None

    def issue(self, app: App, audience: str, *, proof: Proof, lifetime: float) -> str:
        principal = app.principal
        who = {"appid": principal.client_id, "appidacr": proof, "oid": principal.object_id, "sub": principal.object_id}
        rest = {"tid": self._tenant, "idtyp": "app", "uti": str(uuid.uuid4()), "ver": "1.0", "generation": app.generation}
        return self._signer.token({"iss": self.issuer, "aud": audience, **who, **rest}, lifetime=lifetime)

    def verify(self, token: str) -> EntraToken:
        """Whether the audience is theirs, the services judge. Raises `InvalidToken`."""
        claims = self._signer.claims(token, issuer=self.issuer)
        app = self.apps.find(str(claims.get("appid")))
        if claims.get("tid") != self._tenant or app is None:
            raise InvalidToken
        if claims.get("generation", 0) < app.generation:
            raise RevokedToken
        return EntraToken(str(claims["aud"]), app.principal)
