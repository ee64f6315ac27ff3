"""The service principal of a target: Entra tokens of its cloud, by azure-identity.

An authority that azure-identity does not know by name is never discovered: MSAL would ask the public cloud about it, and send the secret to
whatever endpoint the answer names."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registries.egress import Transport, through, transport
from registries.heldsecrets import HeldSecrets
from registries.noanswer import trouble_of, unreachable
from registries.proofs import Proof, Proofs, certificate_bytes
from registries.refusals.answers import network, trouble
from registries.refusals.entra import entra_refusal
from registries.tokens import Token, TokenCache, sdk_token
from registries.wire import ANSWER_WITHIN, Answer
from replication.clouds import CLOUDS
from replication.credential import ClientCertificate, FederatedToken
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
    """One for each target: a `Signer`."""

    def __init__(self, target: Target, secrets: HeldSecrets | None = None) -> None:
        self._target = target
        self._proofs = Proofs(target.credential, secrets or HeldSecrets())
        self._tokens: TokenCache[str] = TokenCache(self._fetch)

    async def token(self, audience: str) -> Token:
        """An access token. Raises `Refused`."""
        return await self._tokens.get(audience)

    def forget(self, audience: str, token: Token) -> None:
        self._tokens.forget(audience, token)

    async def _fetch(self, audience: str) -> Token:
        """What is refused is read again, in case it was rotated."""
        proof = await self._proofs.read(self._doing)
        try:
            return await self._ask(audience, proof)
        except Refused as error:
            refused = error.failure
        renewed = await self._proofs.renewed(proof) if refused.kind == "denied" else None
        if renewed is None:
            raise Refused(refused)
        return await self._ask(audience, renewed)

    async def _ask(self, audience: str, proof: Proof) -> Token:
        """By a credential made for this one request: it would hand out what it kept, though that was refused."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        target, way = self._target, transport(self._target.egress, str(self._target), "entra")
        sdk = _credential(target, proof, way)
        try:
            async with asyncio.timeout(ANSWER_WITHIN), sdk:
                given = await sdk.get_token(f"{audience}/.default")
                return sdk_token(given.token, given.expires_on)
        except _NoAssertion as error:
            failure = _unusable(target, f"holds no token that can be read ({error})")
        except ClientAuthenticationError as error:
            failure = self._denied(str(error.message), error.response, way.answered)  # type: ignore[arg-type]
        except (AzureError, TimeoutError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
            failure = trouble_of(error).failure(self._doing, self._authority)  # azure-identity takes any answer
        raise Refused(failure)

    @property
    def _doing(self) -> str:
        return f"sign in to the cloud of {self._target} as {self._target.client_id}"

    @property
    def _authority(self) -> str:
        return through(self._target.cloud.authority.removeprefix("https://"), self._target.egress)

    def _denied(self, message: str, response: "AsyncHttpResponse | None", answered: int | None) -> Failure:
        """azure-identity calls anything but a token a denial, and of a page it has no `response`. `answered`: the status."""
        doing, status = self._doing, None if response is None else response.status_code
        if answered in (403, 407) and "AADSTS" not in message:
            before = network(Answer(answered, {}, b""), doing, self._authority, "")
            assert before is not None  # without a code it is not the service's own
            return before
        if response is not None and status == 429:
            return trouble(Answer(status, response.headers, b""), doing, self._authority)
        if status is None or not 400 <= status < 500 or status == 408:
            return unreachable(doing, self._authority, "a page instead of a token" if status is None else f"status {status}")
        return entra_refusal(message, doing, self._target.credential, client=self._target.client_id)


def _credential(target: Target, proof: Proof, way: Transport) -> "AsyncTokenCredential":
    """Raises `Refused`."""
    from azure.identity.aio import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

    who = (target.tenant_id, target.client_id)
    options: dict[str, Any] = {
        "authority": target.cloud.authority,
        "disable_instance_discovery": target.cloud.authority not in KNOWN_AUTHORITIES,
        "retry_total": 0,  # pauses belong to the orchestrators
        "transport": way,
    }
    match target.credential, proof:
        case FederatedToken(file=file), _:
            return ClientAssertionCredential(*who, _assertion(file), **options)
        case ClientCertificate(send_chain=chain), Proof(secret=Secret() as held, password=password):
            try:
                return CertificateCredential(
                    *who,
                    certificate_data=certificate_bytes(held),
                    password=None if password is None else password.reveal(),
                    send_certificate_chain=chain,
                    **options,
                )
            except (ValueError, TypeError) as error:  # TypeError: a password is needed, or is not
                trouble = type(error).__name__
        case _, Proof(secret=Secret() as secret):
            return ClientSecretCredential(*who, secret.reveal(), **options)
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
