"""Whether the source lets us pull."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from replication.references import Repository


@bp.activity_trigger(input_name="work")
@step
async def fetch_source_token(work: dict) -> dict[str, Any]:
    """`{repository}` -> `{valid_for}`, seconds. The token stays in this process's memory, for whoever needs it next; another process
    fetches its own."""
    repository = Repository.parse(work["repository"])
    token = await connections().source_tokens.get(f"repository:{repository}:pull")
    return {"valid_for": token.valid_for}
