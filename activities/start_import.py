"""Have ARM copy one manifest, and what it lists, from the source into a target: by digest, untagged.

The intent comes before the POST, so that runs which need the same content share one import, and a repeat is known as one."""

from datetime import datetime
from typing import Any

from activities.descendants import all_descendants, descendant
from activities.step import bp, step
from ledger import Content, Intent, store
from registries.arm import ImportState
from registries.connections import connections
from replication.failures import NoAnswer, Refused
from replication.references import Digest
from replication.work import Work

MOST_MANIFESTS = 50  # that ARM copies with one index (acr.md 2.3: a documented hard limit)


@bp.activity_trigger(input_name="work")
@step
async def start_import(work: dict) -> dict[str, Any]:
    """A `Work` with `run` and `at` (who imports, in the run's time), `index` (whether it may be one) or `child` (a position among its
    descendants, which is imported in its stead), and maybe `instead_of` (the generation of an intent of which nobody knows more) -> how
    the import stands (`answer`) with its `generation`; `{state: "unknown", generation, since}`: it may have been started, and where it
    stands is not known; or `{state: "too_large", manifests}`: ARM does not take such an index, and nothing was started."""
    wanted = Work.from_json(work)
    here, digest = connections(), wanted.digest
    if work.get("child") is not None:
        digest = (await descendant(here, wanted, work["child"])).digest
    elif work.get("index") and (manifests := len(await all_descendants(here, wanted))) > MOST_MANIFESTS:
        return {"state": "too_large", "manifests": manifests}
    content = Content(wanted.target, wanted.repository, digest)
    at = datetime.fromisoformat(work["at"])
    claim = await store().claim(content, run=work["run"], at=at, instead_of=work.get("instead_of"))
    known = {"generation": claim.intent.generation}
    if claim.whose == "new":
        return known | answer(await _post(wanted, digest, claim.intent))
    if claim.intent.operation is None:
        return known | {"state": "unknown", "since": claim.intent.since.isoformat()}
    return known | {"state": "running", "operation": claim.intent.operation, "retry_after": 0.0}


async def _post(wanted: Work, digest: Digest, intent: Intent) -> ImportState:
    """What ARM refuses leaves no intent; what an answer that was lost, or tells of trouble on the way, leaves, nobody knows."""
    try:
        state = await connections().target(wanted.target).imports.begin(wanted.repository, digest)
    except Refused as refused:
        if not (isinstance(refused, NoAnswer) and refused.sent):
            await store().ended(intent.content, intent.generation)
        raise
    if state.state == "running" and state.operation is not None:
        await store().started(intent.content, intent.generation, state.operation)
    else:
        await store().ended(intent.content, intent.generation)
    return state


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
