"""Put an index's own bytes into a target, by its digest: for one that ARM does not import, once everything that it lists is there."""

from typing import Any

from activities.descendants import descendant, read, source_lacks
from activities.step import bp, step
from registries.connections import connections
from registries.registry import PUSH, artifact
from replication.failures import Refused
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def put_index(work: dict) -> dict[str, Any]:
    """A `Work` without a tag, maybe with `child` (a position among its descendants, which is put in its stead) -> `{state: "put"}`. Raises
    `Refused` where the source has it no longer."""
    wanted = Work.from_json(work)
    here, digest = connections(), wanted.digest
    if work.get("child") is not None:
        digest = (await descendant(here, wanted, work["child"])).digest
    manifest = await read(here, wanted.repository, digest)
    if manifest is None:
        raise Refused(source_lacks(wanted, f"put {artifact(wanted.repository, digest)} into {wanted.target}", digest))
    target = here.target(wanted.target).registry
    await target.prepare(wanted.repository, PUSH)
    await target.put_manifest(wanted.repository, digest, manifest)
    return {"state": "put"}
