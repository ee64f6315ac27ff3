"""Which imports may still land in a target's repository: a removal waits for them first (DESIGN, rule 9)."""

from datetime import datetime, timedelta
from typing import Any

from activities.asked import each
from activities.step import bp, step
from ledger import Intent, store
from registries.arm import DEFAULT_RETRY_AFTER
from registries.connections import connections
from replication.references import Repository


@bp.activity_trigger(input_name="work")
@step
async def open_imports(work: dict) -> dict[str, Any]:
    """`{target, repository, at, patience, generations?}` -> `{generations, retry_after}`: the intents that are open, with `generations`
    those of them that still are. Those are asked for at ARM, so that one whose run has died ends as well. An import of which nobody knows
    more counts for `patience` seconds; `at`: the run's own time."""
    repository, target = Repository.parse(work["repository"]), work["target"]
    asked = work.get("generations")
    latest = datetime.fromisoformat(work["at"]) - timedelta(seconds=work["patience"])
    known = await store().open_into(target, repository)
    still = [one for one in known if (asked is None or one.generation in asked) and (one.operation is not None or one.since > latest)]
    if asked is None:
        return {"generations": [one.generation for one in still], "retry_after": DEFAULT_RETRY_AFTER}
    pauses = await each(still, _pause)
    running = [(one, pause) for one, pause in zip(still, pauses, strict=True) if pause is not None]
    return {"generations": [one.generation for one, _ in running], "retry_after": max((pause for _, pause in running), default=0.0)}


async def _pause(intent: Intent) -> float | None:
    """Seconds after which ARM may be asked again; None when the import has ended."""
    if intent.operation is None:
        return 0.0
    content = intent.content
    state = await connections().target(content.target).imports.look_at(intent.operation, content.repository, content.digest)
    if state.state == "running":
        return state.retry_after
    await store().ended(content, intent.generation)
    return None
