"""In what a whole repository differs between source and target, as both list it: what a deleted repository leaves behind, and what
reconciliation has to look at. A list proves nothing; each of these is looked at for itself before anything is done about it."""

from collections.abc import Mapping
from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.lists import Listed, every
from registries.registry import Registry
from replication.failures import Failure, Refused
from replication.references import Digest, Repository
from replication.scope import Scope

AT_ONCE = 50  # manifests that are looked at together
MOST = 20_000  # manifests of one repository


@bp.activity_trigger(input_name="work")
@step
async def differences(work: dict) -> dict[str, Any]:
    """`{target, repository, indexes, after}` -> `{digests, tags, more}`: the next manifests, in the order of their digests, that one side
    has alone or under other tags, and the tags on them; `indexes`: only those, or only the others. With a source that cannot be listed,
    that is all that the target has."""
    here, repository = connections(), Repository.parse(work["repository"])
    connection = here.target(work["target"])
    scope = connection.target.scope
    at_target = await _listed(connection.registry, repository, scope)
    at_source = None if here.source_listing is None else await _listed(here.source_listing, repository, scope)
    differing = sorted(one for one in {**at_target, **(at_source or {})} if at_source is None or _differs(one, at_source, at_target, scope))
    kind = [one for one in differing if _described(one, at_source or {}, at_target).index == work["indexes"]]
    later = [one for one in kind if work["after"] is None or str(one) > work["after"]]
    page = later[:AT_ONCE]
    tags = {
        str(tag) for one in page for held in (at_source or {}, at_target) if one in held for tag in held[one].tags if scope.takes_tag(tag)
    }
    return {"digests": [str(one) for one in page], "tags": sorted(tags), "more": len(later) > len(page)}


async def _listed(registry: Registry, repository: Repository, scope: Scope) -> dict[Digest, Listed]:
    """What of it the target is to hold, as far as media types tell."""
    found: dict[Digest, Listed] = {}
    async for one in every(lambda after: registry.lists.manifests(repository, after)):
        if scope.takes_media_type(one.media_type):
            found[one.digest] = one
        if len(found) > MOST:
            raise Refused(_too_many(registry, repository))
    return found


def _differs(one: Digest, at_source: Mapping[Digest, Listed], at_target: Mapping[Digest, Listed], scope: Scope) -> bool:
    if one not in at_source or one not in at_target:
        return True
    return any(scope.takes_tag(tag) for tag in at_source[one].tags ^ at_target[one].tags)


def _described(one: Digest, at_source: Mapping[Digest, Listed], at_target: Mapping[Digest, Listed]) -> Listed:
    return at_target.get(one) or at_source[one]


def _too_many(registry: Registry, repository: Repository) -> Failure:
    return Failure(
        kind="conflict",
        code="not_understood",
        doing=f"list the manifests of {repository} in {registry.side.name}",
        said=f"it has more than {MOST}",
        hint="Such a repository is not compared whole; events go on keeping it. Purge what is old, or split it.",
    )
