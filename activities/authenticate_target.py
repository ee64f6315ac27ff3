"""Whether a target is to have an artifact at all; and whether its cloud knows our service principal, and its registry takes it."""

from typing import Any

from activities.recording import record
from activities.step import bp, named_in, step
from registries.connections import connections
from replication.endings import Ending
from replication.references import Repository, optional_tag


@bp.activity_trigger(input_name="work")
@step
async def authenticate_target(work: dict) -> dict[str, Any]:
    """A `Work` -> `{valid_for}`, seconds; the tokens stay in this process's memory. Or, and then nobody was asked anything, `{filtered}`:
    why it is out of the target's scope."""
    connection = connections().target(work["target"])
    reason = connection.target.scope.leaves_out(Repository.parse(work["repository"]), optional_tag(work["tag"]))
    if reason is not None:
        record(Ending(target=work["target"], outcome="filtered", detail=reason), named_in(work))
        return {"filtered": reason}
    token = await connection.tokens.refresh_token()
    return {"valid_for": token.valid_for}
