"""Have ARM copy one manifest, and what it lists, from the source into a target: by digest, untagged."""

from typing import Any

from activities.step import bp, step
from registries.arm import ImportState
from registries.connections import connections
from replication.work import Work


@bp.activity_trigger(input_name="work")
@step
async def start_import(work: dict) -> dict[str, Any]:
    """A `Work` -> how the import stands (`answer`). Run twice it starts two imports of the same bytes, which is harmless."""
    wanted = Work.from_json(work)
    return answer(await connections().target(wanted.target).imports.begin(wanted.repository, wanted.digest))


def answer(state: ImportState) -> dict[str, Any]:
    """`{state: "running", operation, retry_after}`, `{state: "ended"}` or `{state: "failed", cause}`, a `Failure` of the import itself."""
    match state.state:
        case "running":
            return {"state": "running", "operation": state.operation, "retry_after": state.retry_after}
        case "failed":
            assert state.failure is not None
            return {"state": "failed", "cause": state.failure.to_json()}
        case _:
            return {"state": "ended"}
