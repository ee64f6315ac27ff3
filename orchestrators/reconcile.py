"""Every repository that the source or a target's scope holds, compared and brought together: what events have missed.

One orchestration for each target, so that none waits for another."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import input_of
from replication.instances import child_id


@bp.orchestration_trigger(context_name="context")
def reconcile(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{targets, limits, own_limits}` -> `{state: "reconciled", targets}`: of each as `reconcile_target` ends."""
    given = input_of(context)
    parts = {
        target: context.call_sub_orchestrator(
            "reconcile_target",
            {"target": target, "limits": (given.get("own_limits") or {}).get(target, given["limits"]), "after": None},
            child_id(context.instance_id, target),
        )
        for target in given["targets"]
    }
    ended: list[dict[str, Any]] = []
    while parts:
        context.set_custom_status({"message": f"reconciling {', '.join(parts)}"})
        winner = yield context.task_any(list(parts.values()))
        target = next(name for name, task in parts.items() if task is winner)
        del parts[target]
        broken = {"target": target, "outcomes": {}, "told": [], "failure": None, "broken": True}
        ended.append(broken if isinstance(winner.result, Exception) else winner.result)
    whole = [one for one in ended if one["failure"] is None and not one.get("broken")]
    context.set_custom_status({"message": f"looked at all of {len(whole)} of {len(ended)} targets"})
    return {"state": "reconciled", "targets": sorted(ended, key=lambda one: one["target"])}
