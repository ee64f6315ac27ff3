"""What source and target hold now."""

import asyncio
from dataclasses import dataclass
from typing import Any

from activities.recording import record
from activities.step import bp, named_in, step
from registries.connections import connections
from registries.registry import Found, Registry
from replication.decisions import Held
from replication.endings import Ending, stands
from replication.work import Seen, Work


@bp.activity_trigger(input_name="work")
@step
async def look(work: dict) -> dict[str, Any]:
    """A `Work`, and maybe `ending` and `whole` -> a `Seen`, or `{filtered}`: why it is out of the target's scope, which only the manifest
    itself could tell. `ending`: how the run ends if this look finds all in place; then it is recorded here, which spares a step, and the
    answer says `recorded`. `whole`: every child was seen at the target."""
    wanted = Work.from_json(work)
    seen = await (pushed_by_digest(wanted) if wanted.tag is None else sides(wanted))
    if not isinstance(seen, Seen):
        record(Ending(target=wanted.target, outcome="filtered", detail=seen), named_in(work))
        return {"filtered": seen}
    if (ending := work.get("ending")) is None or not stands(wanted, seen, whole=work["whole"]):
        return seen.to_json()
    record(Ending.from_json(ending), named_in(work))
    return {**seen.to_json(), "recorded": True}


async def sides(wanted: Work) -> Seen | str:
    """Or why it is filtered. What the source lacks is proven by a GET; what the target lacks as well, where a run may end on it: when the
    source lacks something."""
    source, connection = connections().source, connections().target(wanted.target)
    target, scope = connection.registry, connection.target.scope
    at_source, at_target = await asyncio.gather(held(source, wanted, prove=True), held(target, wanted, prove=False))
    meant = at_source.meant or at_target.meant
    if meant is not None and not scope.takes_media_type(meant.media_type):
        return "media_type"
    if not at_source.whole:
        at_target = await held(target, wanted, prove=True)
    index = at_source.meant is not None and at_source.meant.index
    return Seen(source=at_source.held, target=at_target.held, index=index)


async def pushed_by_digest(wanted: Work) -> Seen | str:
    """As `sides`. The source is asked for the bytes, which tell as well whether the manifest belongs to another one."""
    here = connections()
    connection = here.target(wanted.target)
    manifest, found = await asyncio.gather(
        here.source.manifest(wanted.repository, wanted.digest), connection.registry.find(wanted.repository, wanted.digest)
    )
    if manifest is None:
        found = await connection.registry.find(wanted.repository, wanted.digest, prove=True)
    else:
        here.kept.put(manifest)
    meant = manifest or found
    if meant is not None and not connection.target.scope.takes_media_type(meant.media_type):
        return "media_type"
    unclaimed = manifest is not None and not manifest.referrer and found is None
    if unclaimed and not connection.target.scope.takes_untagged:
        return "untagged"
    return Seen(
        source=Held(None, manifest is not None),
        target=Held(None, found is not None),
        index=manifest is not None and manifest.index,
        unclaimed=unclaimed,
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """`whole`: nothing was absent. `meant`: what the tag means (without one, the digest), None for absence."""

    held: Held
    whole: bool
    meant: Found | None


async def held(registry: Registry, wanted: Work, *, prove: bool) -> Looked:
    """One request when the tag means the digest, else one for each, and one more for each absence that is to be proven."""
    tagged = None if wanted.tag is None else await registry.find(wanted.repository, wanted.tag, prove=prove)
    if tagged is not None and tagged.digest == wanted.digest:
        return Looked(Held(tagged.digest, True), True, tagged)
    found = await registry.find(wanted.repository, wanted.digest, prove=prove)
    whole = found is not None and (wanted.tag is None or tagged is not None)
    return Looked(Held(None if tagged is None else tagged.digest, found is not None), whole, found if wanted.tag is None else tagged)
