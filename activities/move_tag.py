"""Make a target's tag mean what it means at the source, by a PUT of the very same manifest bytes: the last step, with the content there."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from registries.registry import PUSH
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def move_tag(work: dict) -> dict[str, Any]:
    """A `Work` with a tag -> `{state: "moved"}`, or `{state: "moved_on"}` when the source, asked right before the PUT, no longer means the
    digest by it: then nothing was changed."""
    wanted = Work.from_json(work)
    assert wanted.tag is not None
    source, target = connections().source, connections().target(wanted.target).registry
    await target.prepare(wanted.repository, PUSH)
    manifest = await source.manifest(wanted.repository, wanted.tag)  # one answer, which tells what the tag means and brings the bytes
    if manifest is None or manifest.digest != wanted.digest:
        return {"state": "moved_on"}
    await target.put_manifest(wanted.repository, wanted.tag, manifest)
    return {"state": "moved"}
