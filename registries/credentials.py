"""The service principal of a target: Entra tokens of its cloud, by azure-identity, which caches them in memory.

An authority that azure-identity does not know by name is never discovered: MSAL would ask the public cloud about it, and send the secret to
whatever endpoint the answer names. Errors: Microsoft Entra, "Authentication and authorization error codes"."""

import asyncio
import re
from typing import TYPE_CHECKING

from registries.keyvault import require_resolved
from registries.wire import ANSWER_WITHIN, CONNECT_WITHIN, READ_WITHIN, unreachable
from replication.clouds import CLOUDS
from replication.failures import Failure, Refused, said
from replication.secret import Secret
from replication.targets import Target

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

KNOWN_AUTHORITIES = {cloud.authority for cloud in CLOUDS.values()}
HINTS = {
    "AADSTS7000215": "The client secret is wrong: put the secret's value (not its id) into the setting {setting}.",
    "AADSTS7000222": "The client secret has expired: make a new one for {client} and put it into the setting {setting}.",
    "AADSTS700016": "The application {client} is not in that tenant: check clientId and tenantId, and in which cloud it was registered.",
    "AADSTS90002": "There is no such tenant in that cloud: check tenantId, and the cloud of the target.",
    "AADSTS500011": "That cloud has no such resource: check the audiences of the target's cloud.",
}


class EntraCredential:
    """One for each target. `sdk` is what azure-mgmt clients take."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sdk: AsyncTokenCredential | None = None

    @property
    def sdk(self) -> "AsyncTokenCredential":
        if self._sdk is None:
            from azure.identity.aio import ClientSecretCredential

            self._sdk = ClientSecretCredential(
                self._target.tenant_id,
                self._target.client_id,
                self._target.secret.reveal(),
                authority=self._target.cloud.authority,
                disable_instance_discovery=self._target.cloud.authority not in KNOWN_AUTHORITIES,
                retry_total=0,  # pauses belong to the orchestrators
                connection_timeout=CONNECT_WITHIN,
                read_timeout=READ_WITHIN,
            )
        return self._sdk

    async def token(self, audience: str) -> Secret:
        """An access token. Raises `Refused`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        target = self._target
        doing = f"sign in to the cloud of {target} as {target.client_id}"
        require_resolved(target.secret, target.secret_setting, doing)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return Secret((await self.sdk.get_token(f"{audience}/.default")).token)
        except ClientAuthenticationError as error:
            failure = self._denied(doing, str(error.message), error.response.status_code if error.response is not None else None)
        except (AzureError, TimeoutError, ValueError, TypeError, LookupError, RecursionError) as error:  # azure-identity takes any answer
            failure = unreachable(doing, target.cloud.authority.removeprefix("https://"), type(error).__name__)
        raise Refused(failure)

    async def close(self) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    def _denied(self, doing: str, message: str, status: int | None) -> Failure:
        if status is None or not 400 <= status < 500 or status in (408, 429):  # azure-identity calls anything but a token a denial
            trouble = "a page instead of a token" if status is None else f"status {status}"
            return unreachable(doing, self._target.cloud.authority.removeprefix("https://"), trouble)
        known = re.search(r"(AADSTS\d+):.*?(?=\s*(?:Trace ID|Correlation ID|Timestamp):|$)", message)
        words = said(known[0] if known else message)
        hint = HINTS.get(known[1] if known else "", "Check tenantId, clientId and the secret of the setting {setting}.")
        hint = hint.format(setting=self._target.secret_setting, client=self._target.client_id)
        return Failure(kind="denied", code="entra_denied", doing=doing, said=words, hint=hint)
