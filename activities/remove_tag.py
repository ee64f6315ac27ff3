"""Take a tag from its manifest at a target: for a tag that the source no longer has, where what it means there stays."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.registry import DELETE
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def remove_tag(work: dict) -> dict[str, Any]:
    """A `Work` with a tag -> `{state}`: `untagged`, `absent` (it was already), or `came_back` when the source, asked right before, has the
    tag again: then nothing was changed."""
    wanted = Work.from_json(work)
    assert wanted.tag is not None
    source, target = connections().source, connections().target(wanted.target).registry
    await target.prepare(wanted.repository, DELETE)
    if await source.find(wanted.repository, wanted.tag, gone=True) is not None:
        return {"state": "came_back"}
    gone = await target.untag(wanted.repository, wanted.tag)
    return {"state": "untagged" if gone else "absent"}
