"""Record how runs ended, where no other step could know."""

from typing import Any

from activities.recording import record
from activities.step import bp, named_in, step
from replication.endings import Ending


@bp.activity_trigger(input_name="work")
@step
async def record_outcomes(work: dict) -> dict[str, Any]:
    """`{repository, tag, digest, endings}` -> `{}`. `endings`: as JSON, one for each target. Asks nobody, so it waits for no target's
    turn."""
    for ending in work["endings"]:
        record(Ending.from_json(ending), named_in(work))
    return {}
