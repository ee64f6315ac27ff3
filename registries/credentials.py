"""The service principal of a target: Entra tokens of its cloud, by azure-identity, which caches them in memory.

An authority that azure-identity does not know by name is never discovered: MSAL would ask the public cloud about it, and send the secret to
whatever endpoint the answer names."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registries.egress import through, transport
from registries.keyvault import require_resolved
from registries.refusals.answers import trouble
from registries.refusals.entra import entra_refusal
from registries.tokens import sdk_token
from registries.wire import ANSWER_WITHIN, Answer, unreachable
from replication.clouds import CLOUDS
from replication.credential import ClientCertificate, ClientSecret, FederatedToken
from replication.failures import Failure, Refused
from replication.secret import Secret
from replication.targets import Target

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.rest import AsyncHttpResponse

KNOWN_AUTHORITIES = {cloud.authority for cloud in CLOUDS.values()}
LONGEST_ASSERTION = 64 * 1024  # characters


class _NoAssertion(Exception):
    """Why the file of a federated token could not be read."""


class EntraCredential:
    """One for each target. `sdk` is what azure-mgmt clients take."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sdk: AsyncTokenCredential | None = None

    @property
    def sdk(self) -> "AsyncTokenCredential":
        """Raises `Refused` when the settings do not make one."""
        if self._sdk is None:
            self._sdk = _credential(self._target)
        return self._sdk

    async def token(self, audience: str) -> Secret:
        """An access token. Raises `Refused`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        target = self._target
        doing = f"sign in to the cloud of {target} as {target.client_id}"
        match target.credential:
            case ClientSecret(setting=setting, secret=secret) | ClientCertificate(setting=setting, pem=secret):
                require_resolved(secret, setting, doing)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return sdk_token((await self.sdk.get_token(f"{audience}/.default")).token)
        except _NoAssertion as error:
            failure = _unusable(target, f"holds no token that can be read ({error})")
        except ClientAuthenticationError as error:
            failure = self._denied(doing, str(error.message), error.response)  # type: ignore[arg-type]
        except (AzureError, TimeoutError, ValueError, TypeError, LookupError, RecursionError) as error:  # azure-identity takes any answer
            failure = unreachable(doing, self._authority, type(error).__name__)
        raise Refused(failure)

    async def close(self) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    @property
    def _authority(self) -> str:
        return through(self._target.cloud.authority.removeprefix("https://"), self._target.egress)

    def _denied(self, doing: str, message: str, response: "AsyncHttpResponse | None") -> Failure:
        """azure-identity calls anything but a token a denial."""
        status = None if response is None else response.status_code
        if response is not None and status == 429:
            return trouble(Answer(status, response.headers, b""), doing, self._authority)
        if status is None or not 400 <= status < 500 or status == 408:
            return unreachable(doing, self._authority, "a page instead of a token" if status is None else f"status {status}")
        return entra_refusal(message, doing, self._target.credential, client=self._target.client_id)


def _credential(target: Target) -> "AsyncTokenCredential":
    """Raises `Refused`."""
    from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

    who = (target.tenant_id, target.client_id)
    options: dict[str, Any] = {
        "authority": target.cloud.authority,
        "disable_instance_discovery": target.cloud.authority not in KNOWN_AUTHORITIES,
        "retry_total": 0,  # pauses belong to the orchestrators
        "transport": transport(target.egress, str(target), "entra"),
    }
    match target.credential:
        case ClientSecret(secret=secret):
            return ClientSecretCredential(*who, secret.reveal(), **options)
        case FederatedToken(file=file):
            return ClientAssertionCredential(*who, _assertion(file), **options)
        case ClientCertificate(pem=pem, password=password, send_chain=chain):
            try:
                return CertificateCredential(
                    *who,
                    certificate_data=pem.reveal().encode(),
                    password=None if password is None else password.reveal(),
                    send_certificate_chain=chain,
                    **options,
                )
            except (ValueError, TypeError) as error:  # TypeError: a password is needed, or is not
                trouble = type(error).__name__
    raise Refused(_unusable(target, f"holds no certificate with an RSA key that can be read, or the password does not open it ({trouble})"))


def _assertion(file: str) -> Callable[[], str]:
    def read() -> str:
        try:
            with Path(file).open(encoding="ascii") as opened:
                text = opened.read(LONGEST_ASSERTION).strip()
        except (OSError, ValueError) as error:
            trouble = type(error).__name__
        else:
            if text:
                return text
            trouble = "it is empty"
        raise _NoAssertion(trouble)

    return read


def _unusable(target: Target, what: str) -> Failure:
    return Failure(
        kind="denied",
        code="settings_invalid",
        doing=f"sign in to the cloud of {target} as {target.client_id}",
        said=f"{target.credential.origin} {what}",
        hint=f"Nothing was sent. Correct the {target.credential.kind} there; runs that wait go on by themselves.",
    )
