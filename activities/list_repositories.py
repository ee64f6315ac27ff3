"""Which repositories a target holds or is to hold, as both registries list them."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.lists import every
from replication.failures import Failure, Refused

AT_ONCE = 50


@bp.activity_trigger(input_name="work")
@step
async def list_repositories(work: dict) -> dict[str, Any]:
    """`{target, after}` -> `{repositories, more}`: the next in the order of their names, as the source calls them."""
    here = connections()
    if here.source_listing is None:
        raise Refused(_not_allowed(str(here.settings.source)))
    connection = here.target(work["target"])
    scope = connection.target.scope
    listed = [one async for one in every(here.source_listing.lists.repositories)]
    at_source = {one for one in listed if scope.place_of(one) is not None}
    theirs = [one async for one in every(connection.registry.lists.repositories)]
    at_target = {repository for one in theirs if (repository := scope.repository_at(one)) is not None}
    if not listed and at_target:
        raise Refused(_empty(str(here.settings.source)))
    later = sorted(str(one) for one in at_source | at_target if work["after"] is None or str(one) > work["after"])
    return {"repositories": later[:AT_ONCE], "more": len(later) > AT_ONCE}


def _empty(source: str) -> Failure:
    return Failure(
        kind="conflict",
        code="absence_unproven",
        doing=f"list the repositories of {source}",
        said="it lists none at all, and the target holds some",
        hint="An empty source is not believed. Is it the right registry, and may SourceListingIdentity list it ('Container Registry"
        " Repository Catalog Lister')? If it is meant to be empty, delete the target's repositories by hand.",
    )


def _not_allowed(source: str) -> Failure:
    return Failure(
        kind="conflict",
        code="source_right_missing",
        doing=f"list the repositories of {source}",
        said="the settings name no identity that may list them, and a pull token never may",
        hint="Set SourceListingIdentity, and give that identity 'Container Registry Repository Catalog Lister' and 'Container Registry"
        " Repository Reader' on the source (AcrPull in a registry without ABAC).",
    )
