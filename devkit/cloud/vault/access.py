"""Who calls the vault, and may they? Rights by Azure RBAC, one action for one operation.

Source: "Azure permissions for security", Microsoft.KeyVault, data actions; "Authentication, requests and responses" for the challenge."""

from aiohttp import web

from devkit.cloud.config import CloudConfig, VaultConfig
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.tokens import InvalidToken
from devkit.cloud.vault.refusals import VaultRefusal, bad_parameter, forbidden
from devkit.cloud.web import IDENTITY

_SECRETS = "Microsoft.KeyVault/vaults/secrets"
GET, SET, UPDATE, RECOVER = (f"{_SECRETS}/{one}/action" for one in ("getSecret", "setSecret", "update", "recover"))
READ_METADATA, DELETE = f"{_SECRETS}/readMetadata/action", f"{_SECRETS}/delete"
VERSIONS = {"2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"}


class VaultAccess:
    def __init__(self, config: CloudConfig, vault: VaultConfig, tokens: EntraTokens) -> None:
        self._config = config
        self._vault = vault
        self._tokens = tokens

    def require(self, request: web.Request, action: str) -> None:
        """Raises `VaultRefusal`."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise self._challenge("AKV10000: Request is missing a Bearer or PoP token.")
        try:
            verified = self._tokens.verify(token.strip())
        except InvalidToken:
            raise self._challenge("Error validating token.") from None
        expected = self._config.azure.vault_audience
        if verified.audience != expected:
            raise self._challenge(f"AKV10022: Invalid audience. Expected {expected}, found: {verified.audience}.")
        principal = verified.principal
        request[IDENTITY] = principal.client_id
        version = request.query.get("api-version", "")
        if version not in VERSIONS:
            message = f"The specified version ({version[:20]}) is not recognized. Consider using the latest supported version (7.6)."
            raise bad_parameter(message)
        if not (principal.grants.allow(action, data=True) or principal.grants.allow(action)):
            caller = f"appid={principal.client_id};oid={principal.object_id};iss={self._tokens.issuer}"
            raise forbidden(caller, action, self._resource(request.match_info.get("name", "")), self._vault.name)

    def _challenge(self, message: str) -> VaultRefusal:
        authority = f"{self._config.entra_url}/{self._config.tenant_id}"
        header = f'Bearer authorization="{authority}", resource="{self._config.azure.vault_audience}"'
        return VaultRefusal(401, "Unauthorized", message, headers={"WWW-Authenticate": header})

    def _resource(self, secret: str) -> str:
        group = self._config.registry_id.partition("/providers/")[0].lower()
        return f"{group}/providers/microsoft.keyvault/vaults/{self._vault.name.lower()}" + (f"/secrets/{secret.lower()}" if secret else "")
