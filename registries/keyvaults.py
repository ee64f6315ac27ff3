"""Key vaults, read by a managed identity of the app.

By the pipeline of azure-keyvault-secrets, which answers a vault's challenge; it is imported when a secret is first read. As streams, as of
ARM (registries/armclient.py). Source: REST, "Get Secret"; "Authentication, requests and responses"."""

import json
from typing import TYPE_CHECKING

from azure.core.rest import HttpRequest

from registries.egress import through, transport
from registries.managedidentity import ManagedIdentity
from registries.refusals.answers import not_understood
from registries.refusals.vault import NO_IDENTITY, vault_refusal
from registries.signing import SdkCredential
from registries.wire import Answer, whole_answer
from replication.failures import Refused
from replication.secret import Secret
from replication.targets import Egress, identity_name
from replication.vaultsecret import VaultSecret

if TYPE_CHECKING:
    from azure.keyvault.secrets.aio import SecretClient


class KeyVaults:
    def __init__(self, client_id: str | None, egress: Egress) -> None:
        self._name = identity_name(client_id)
        self._identity = ManagedIdentity(client_id, self._name, code="vault_denied", hint=NO_IDENTITY)
        self._egress = egress
        self._clients: dict[str, SecretClient] = {}  # by vault

    async def read(self, secret: VaultSecret) -> Secret:
        """Raises `Refused`."""
        doing = f"read {secret}"
        began = await self._identity.token(secret.audience)  # first, so that its refusals are told as such
        answer = await self._ask(secret, doing)
        if answer.status == 401:  # a token may be revoked before its time
            self._identity.forget(secret.audience, began)
            answer = await self._ask(secret, doing)
        if answer.status != 200:
            raise Refused(vault_refusal(answer, secret, self._name, doing))
        if not (value := _value(answer)):
            raise Refused(not_understood(doing, "status 200 without a value", secret.vault))
        return Secret(value)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def _ask(self, secret: VaultSecret, doing: str) -> Answer:
        request = HttpRequest("GET", f"/secrets/{secret.name}/{secret.version or ''}", headers={"Accept-Encoding": "identity"})
        asking = self._client(secret).send_request(request, stream=True)
        return await whole_answer(asking, through(secret.vault, self._egress), doing)

    def _client(self, secret: VaultSecret) -> "SecretClient":
        if secret.vault not in self._clients:
            from azure.keyvault.secrets.aio import SecretClient

            self._clients[secret.vault] = SecretClient(
                f"https://{secret.vault}",
                SdkCredential(self._identity, secret.audience),
                verify_challenge_resource=secret.below_audience,
                retry_total=0,
                permit_redirects=False,
                transport=transport(self._egress, f"the key vault {secret.vault}", "vault"),
            )
        return self._clients[secret.vault]


def _value(answer: Answer) -> str:
    """Empty where there is none."""
    try:
        value = json.loads(answer.body)["value"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
