"""Ask ARM once whether an import has ended."""

from typing import Any

from activities.start_import import answer
from activities.step import bp, step
from registries.connections import connections
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def check_import(work: dict) -> dict[str, Any]:
    """A `Work` with `operation` -> as `start_import`. It is a path and a query; the host is the target's settings'."""
    wanted = Work.from_json(work)
    return answer(await connections().target(wanted.target).imports.look_at(work["operation"], wanted.repository, wanted.digest))
