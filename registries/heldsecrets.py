"""The values of secrets, wherever settings hold or name them.

A setting's own value is what the platform put there: where that is a Key Vault reference still, App Service could not resolve it. What a
setting names by its URI is read from the vault when it is needed, kept for less than five minutes, and read anew at once when it was
refused; while the vault does not answer, what was read last is used on."""

import time

from registries.keyvaults import KeyVaults
from registries.tokens import Token, TokenCache
from replication.failures import Failure, Refused
from replication.secret import Secret
from replication.targets import DIRECT, Egress
from replication.vaultsecret import SecretSource, VaultSecret

KEPT = 240.0  # seconds; a rotation is to be known within 300, reading it included
WITHOUT_VAULT = 86_400.0  # seconds for which the last value is used while its vault does not answer


class HeldSecrets:
    def __init__(self, client_id: str | None = None, egress: Egress = DIRECT) -> None:
        """`client_id` of the managed identity that reads vaults; None is the app's own. `egress` is the way to them."""
        self._vaults = KeyVaults(client_id, egress)
        self._kept: TokenCache[VaultSecret] = TokenCache(self._read)

    async def value(self, source: SecretSource, setting: str, doing: str) -> Secret:
        """Raises `Refused`: what holds no secret is not to be tried as one."""
        if isinstance(source, VaultSecret):
            return (await self._kept.get(source)).value
        if source.is_reference:
            words = f"the setting {setting} holds a Key Vault reference that was not resolved"
            hint = (
                "Let the app's identity read that secret (Key Vault Secrets User), then restart the app: it reads references at its start."
                " Or let the setting name the secret by its URI, and it is read when it is needed."
            )
            raise Refused(Failure(kind="denied", code="secret_unresolved", doing=doing, said=words, hint=hint))
        return source

    async def renewed(self, source: SecretSource, refused: Secret | None) -> Secret | None:
        """What is in a vault in the place of a value that was refused; None where that is still the same, or cannot be known now."""
        if not isinstance(source, VaultSecret):
            return None
        try:
            token = await self._kept.get(source)
            if token.value == refused:
                self._kept.renew(source, token)
                token = await self._kept.get(source)
        except Refused:
            return None  # whoever asks tells the refusal that it has
        return None if token.value == refused else token.value

    async def close(self) -> None:
        await self._vaults.close()

    async def _read(self, source: VaultSecret) -> Token:
        value = await self._vaults.read(source)
        now = time.monotonic()
        return Token(value, WITHOUT_VAULT, now + KEPT, now)
