"""The source, listed by a managed identity of the app: which tags a digest has there, which the pull token is not to tell.

The identity's own endpoint is beside the app, so no proxy stands between. Source: App Service, "Connect to Azure services in app code"."""

import asyncio
from typing import TYPE_CHECKING

from registries.egress import direct_transport
from registries.entratokens import EntraTokens, Exchange
from registries.refusals import ROLE_ACTIONS, Side
from registries.registry import Registry
from registries.tokens import sdk_token
from registries.wire import ANSWER_WITHIN, Wire, unreachable
from replication.failures import Failure, Refused, said
from replication.secret import Secret
from replication.targets import Listing, Source

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

HINT = (
    "Give the app that identity, and the identity 'Container Registry Repository Reader' on the source (with AcrPull in a registry without"
    " ABAC), or correct SourceListingIdentity."
)


class ManagedIdentity:
    """A `Signer`."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._sdk: AsyncTokenCredential | None = None

    async def token(self, audience: str) -> Secret:
        """Raises `Refused`."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        doing = f"get a token of {self._listing}"
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return sdk_token((await self._credential().get_token(f"{audience}/.default")).token)
        except ClientAuthenticationError as error:  # also when there is no such endpoint
            words = said(error.message)
            failure = Failure(kind="denied", code="source_denied", doing=doing, said=words, hint=HINT)
        except (AzureError, TimeoutError, ValueError, TypeError, LookupError, RecursionError) as error:
            failure = unreachable(doing, "the app's identity endpoint", type(error).__name__)
        raise Refused(failure)

    async def close(self) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    def _credential(self) -> "AsyncTokenCredential":
        if self._sdk is None:
            from azure.identity.aio import ManagedIdentityCredential

            self._sdk = ManagedIdentityCredential(client_id=self._listing.client_id, retry_total=0, transport=direct_transport())
        return self._sdk


def listing_registry(source: Source, listing: Listing, wire: Wire) -> tuple[Registry, ManagedIdentity]:
    identity = ManagedIdentity(listing)
    side = Side(
        name=str(source),
        registry=source.registry.name,
        denied="source_denied",
        denied_hint=HINT,
        lacking="source_right_missing",
        lacking_hint=f"{listing} lacks {{right}}, needed for {{repository}}. {HINT}",
        rights=ROLE_ACTIONS,
    )
    exchange = Exchange(login_server=source.login_server, audience=listing.audience, who=str(listing))
    return Registry(side, wire, EntraTokens(exchange, side, wire, identity)), identity
