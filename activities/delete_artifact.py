"""Delete a manifest at a target, with every tag that still points at it there and whatever refers to it."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.registry import DELETE
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def delete_artifact(work: dict) -> dict[str, Any]:
    """A `Work` -> `{state}`: `deleted`, `absent` (it was already), or `came_back` when the source, asked right before the DELETE, has the
    manifest again: then nothing was changed."""
    wanted = Work.from_json(work)
    source, target = connections().source, connections().target(wanted.target).registry
    await target.prepare(wanted.repository, DELETE)
    if await source.find(wanted.repository, wanted.digest, gone=True) is not None:
        return {"state": "came_back"}
    gone = await target.delete_manifest(wanted.repository, wanted.digest)
    return {"state": "deleted" if gone else "absent"}
