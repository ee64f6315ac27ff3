"""What the app shows to a target's Entra, read where it is held."""

import base64
from dataclasses import dataclass

from registries.heldsecrets import HeldSecrets
from replication.credential import ClientCertificate, ClientSecret, Credential
from replication.secret import Secret
from replication.vaultsecret import SecretSource


@dataclass(frozen=True, slots=True)
class Proof:
    """A client secret, or a certificate with its key and maybe the `password` of that; neither for a federated token."""

    secret: Secret | None = None
    password: Secret | None = None


class Proofs:
    def __init__(self, credential: Credential, secrets: HeldSecrets) -> None:
        self._credential = credential
        self._secrets = secrets

    async def read(self, doing: str) -> Proof:
        """Raises `Refused`."""
        (secret, setting), (password, password_setting) = self._places()
        if secret is None:
            return Proof()
        opened = None if password is None else await self._secrets.value(password, password_setting, doing)
        return Proof(await self._secrets.value(secret, setting, doing), opened)

    async def renewed(self, refused: Proof) -> Proof | None:
        """None where everything is as it was."""
        (secret, _), (password, _) = self._places()
        new = None if secret is None else await self._secrets.renewed(secret, refused.secret)
        opened = None if password is None else await self._secrets.renewed(password, refused.password)
        return None if new is None and opened is None else Proof(new or refused.secret, opened or refused.password)

    def _places(self) -> tuple[tuple[SecretSource | None, str], tuple[SecretSource | None, str]]:
        match self._credential:
            case ClientSecret(setting=setting, secret=secret):
                return (secret, setting), (None, "")
            case ClientCertificate(setting=setting, pem=pem, password=password, password_setting=password_setting):
                return (pem, setting), (password, password_setting or "")
            case _:
                return (None, ""), (None, "")


def certificate_bytes(held: Secret) -> bytes:
    """PEM, whose line ends a paste may have made `\\n` of; a vault's certificate of the default form is PKCS #12, in base64 ("About Key
    Vault certificates", content type of the secret). Raises `ValueError`."""
    text = held.reveal()
    return text.replace("\\n", "\n").encode() if "-----BEGIN" in text else base64.b64decode(text, validate=True)
