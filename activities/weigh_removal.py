"""How much a deleted repository would take with it at a target."""

from typing import Any

from activities.step import bp, step
from registries.connections import connections
from replication.references import Repository


@bp.activity_trigger(input_name="work")
@step
async def weigh_removal(work: dict) -> dict[str, Any]:
    """`{target, repository}` -> `{manifests}`: how many the target has there; none, if nothing is to be removed from it at all."""
    connection = connections().target(work["target"])
    if connection.target.scope.deletes != "propagate":
        return {"manifests": 0}
    return {"manifests": await connection.registry.lists.count(Repository.parse(work["repository"]))}
