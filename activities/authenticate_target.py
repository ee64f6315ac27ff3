"""Whether a target's cloud knows our service principal, and its registry takes it."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections


@bp.activity_trigger(input_name="work")
@step
async def authenticate_target(work: dict) -> dict[str, Any]:
    """`{target}` -> `{valid_for}`, seconds. The tokens stay in this process's memory."""
    token = await connections().target(work["target"]).tokens.refresh_token()
    return {"valid_for": token.valid_for}
