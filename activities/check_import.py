"""Ask ARM once whether an import has ended."""

from typing import Any

from activities.descendants import descendant
from activities.start_import import answer
from activities.step import bp, step
from ledger import Content, store
from registries.connections import connections
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def check_import(work: dict) -> dict[str, Any]:
    """A `Work` with `operation` and `generation`, and `child` where that was imported in its stead -> as `start_import`. `operation` is a
    path and a query; the host is the target's settings'. An import that has ended leaves no intent."""
    wanted = Work.from_json(work)
    here, digest = connections(), wanted.digest
    if work.get("child") is not None:
        digest = (await descendant(here, wanted, work["child"])).digest
    state = await here.target(wanted.target).imports.look_at(work["operation"], wanted.repository, digest)
    if state.state != "running":
        await store().ended(Content(wanted.target, wanted.repository, digest), work["generation"])
    return answer(state)
