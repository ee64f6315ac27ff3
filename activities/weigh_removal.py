"""How much of a target's repository the source no longer has, before any of it is removed."""

from typing import Any

from activities.asked import each
from activities.step import bp, step
from registries.connections import connections
from registries.lists import Listed
from replication.references import Repository


@bp.activity_trigger(input_name="work")
@step
async def weigh_removal(work: dict) -> dict[str, Any]:
    """`{target, repository, extras, most}` -> `{manifests}`: how many the target has there and the source has not, counted until they are
    more than `most`; none, if nothing is to be removed from it. `extras`: no event told that they were deleted."""
    here, repository = connections(), Repository.parse(work["repository"])
    connection = here.target(work["target"])
    scope = connection.target.scope
    if scope.deletes == "keep" or (work["extras"] and scope.extras == "report"):
        return {"manifests": 0}

    async def lacks(one: Listed) -> bool:
        return scope.takes_media_type(one.media_type) and await here.source.find(repository, one.digest) is None

    manifests, after = 0, None
    while manifests <= work["most"]:
        page = await connection.registry.lists.manifests(repository, after)
        manifests += sum(await each(page.items, lacks, insist=True))
        after = page.after
        if after is None:
            break
    return {"manifests": manifests}
