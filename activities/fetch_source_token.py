"""Whether any target wants what was pushed or deleted, and whether the source lets us pull it."""

from typing import Any

from activities.recording import record
from activities.step import bp, named_in, step
from registries.connections import connections
from replication.endings import Ending
from replication.references import Repository, optional_tag


@bp.activity_trigger(input_name="work")
@step
async def fetch_source_token(work: dict) -> dict[str, Any]:
    """`{repository, tag, targets}` -> `{valid_for}`, seconds. The token stays in this process's memory, for whoever needs it next; another
    process fetches its own. Or, where it is out of every target's scope, `{filtered: {target: reason}}`, and nobody was asked: the pull
    token need not reach what nobody wants."""
    repository, tag = Repository.parse(work["repository"]), optional_tag(work["tag"])
    here = connections()
    known = [here.targets[name].target for name in work["targets"] if name in here.targets]
    left_out = {target.name: target.scope.leaves_out(repository, tag) for target in known}
    if len(left_out) == len(work["targets"]) and all(left_out.values()):
        for target, reason in left_out.items():
            record(Ending(target=target, outcome="filtered", detail=reason), named_in(work))
        return {"filtered": left_out}
    token = await here.source_tokens.get(f"repository:{repository}:pull")
    return {"valid_for": token.valid_for}
