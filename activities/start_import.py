"""Have ARM copy one manifest, and what it lists, from the source into a target: by digest, untagged."""

from typing import Any

from activities.descendants import descendants
from activities.step import bp, step
from registries.arm import ImportState
from registries.connections import connections
from replication.work import Work

MOST_MANIFESTS = 50  # that ARM copies with one index (acr.md 2.3: a documented hard limit)


@bp.activity_trigger(input_name="work")
@step
async def start_import(work: dict) -> dict[str, Any]:
    """A `Work` with `index` (whether it may be one) or `child` (a position among its descendants, which is imported in its stead) -> how
    the import stands (`answer`); or `{state: "too_large", manifests}`, and nothing was started: ARM does not take such an index. Run twice
    it starts two imports of the same bytes, which is harmless."""
    wanted = Work.from_json(work)
    here, digest = connections(), wanted.digest
    if work.get("child") is not None:
        digest = (await descendants(here, wanted.repository, wanted.digest))[work["child"]].digest
    elif work.get("index") and (manifests := len(await descendants(here, wanted.repository, wanted.digest))) > MOST_MANIFESTS:
        return {"state": "too_large", "manifests": manifests}
    return answer(await here.target(wanted.target).imports.begin(wanted.repository, digest))


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
