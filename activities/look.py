"""What source and target hold now."""

import asyncio
from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.registry import Registry
from replication.decisions import Held
from replication.references import Digest, Repository, Tag
from replication.work import Seen, Work


@bp.activity_trigger(input_name="work")
@step
async def look(work: dict) -> dict[str, Any]:
    """A `Work` -> a `Seen`. What the source lacks is proven by a GET; what the target lacks as well, where a removal may end on it."""
    wanted = Work.from_json(work)
    source, target = connections().source, connections().target(wanted.target).registry
    at_source, at_target = await asyncio.gather(
        held(source, wanted.repository, wanted.tag, wanted.digest, prove=True),
        held(target, wanted.repository, wanted.tag, wanted.digest, prove=wanted.removing),
    )
    standing: frozenset[Tag] = frozenset()
    if wanted.removing and at_target.has_digest and not at_source.has_digest:
        standing = await still_at_source(source, wanted.repository, await target.tags_of(wanted.repository, wanted.digest))
    return Seen(source=at_source, target=at_target, standing=standing).to_json()


async def held(registry: Registry, repository: Repository, tag: Tag | None, digest: Digest, *, prove: bool) -> Held:
    """One request when the tag means the digest, else one for each, and one more for each absence that is to be proven."""
    resolve = registry.resolve_with_proof if prove else registry.resolve
    tagged = None if tag is None else await resolve(repository, tag)
    return Held(tagged, tagged == digest or await resolve(repository, digest) is not None)


async def still_at_source(source: Registry, repository: Repository, tags: frozenset[Tag]) -> frozenset[Tag]:
    return frozenset([tag for tag in sorted(tags) if await source.resolve_with_proof(repository, tag) is not None])
