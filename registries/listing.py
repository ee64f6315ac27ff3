"""The source, listed by a managed identity of the app: which tags a digest has there, which the pull token is not to tell."""

from registries.entratokens import EntraTokens, Exchange
from registries.managedidentity import ManagedIdentity
from registries.refusals import ROLE_ACTIONS, Side
from registries.registry import Registry
from registries.wire import Wire
from replication.targets import Listing, Source

HINT = (
    "Give the app that identity, and the identity 'Container Registry Repository Reader' on the source (with AcrPull in a registry without"
    " ABAC), or correct SourceListingIdentity."
)


def listing_registry(source: Source, listing: Listing, wire: Wire) -> Registry:
    identity = ManagedIdentity(listing.client_id, str(listing), code="source_denied", hint=HINT)
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
    return Registry(side, wire, EntraTokens(exchange, side, wire, identity))
