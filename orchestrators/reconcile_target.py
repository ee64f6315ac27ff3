"""Every repository of one target's scope, compared: a page of them at a time, and some of a page at once."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import Run, input_of
from replication.failures import Failure
from replication.instances import repository_id
from replication.limits import Limits
from replication.outcomes import Outcome

AT_ONCE = 8  # repositories
MOST_TOLD = 50  # repositories of which the outcome is told for itself
QUIET = {"already_current", "filtered"}


@bp.orchestration_trigger(context_name="context")
def reconcile_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{target, limits, after, outcomes?, told?}` -> `{target, outcomes, told, failure}`: how many repositories ended how; those that were
    not as they should be, up to a number; and why the rest was not looked at, if it was not. Begins anew with each page."""
    given = input_of(context)
    target, limits = given["target"], Limits.from_json(given["limits"])
    outcomes, told = dict(given.get("outcomes") or {}), list(given.get("told") or [])

    def report(state: str, failure: Failure | None) -> None:
        waits = None if failure is None else failure.to_json()
        context.set_custom_status({"state": state, "failure": waits, "outcomes": outcomes, "told": told})

    run = Run(context, limits, report)
    report(f"listing repositories after {given['after']}" if given["after"] else "listing repositories", None)
    page = yield from run.insist("list_repositories", {"target": target, "after": given["after"]})
    if isinstance(page, Failure):
        return {"target": target, "outcomes": outcomes, "told": told, "failure": page.to_json()}
    for first in range(0, len(page["repositories"]), AT_ONCE):
        names = page["repositories"][first : first + AT_ONCE]
        report(f"comparing {names[0]} and on", None)
        open_tasks = {name: _compared(context, target, name, limits) for name in names}
        while open_tasks:
            winner = yield context.task_any(list(open_tasks.values()))
            name = next(each for each, task in open_tasks.items() if task is winner)
            del open_tasks[name]
            ended = "broken" if isinstance(winner.result, Exception) else winner.result["outcome"]
            outcomes[ended] = outcomes.get(ended, 0) + 1
            if ended not in QUIET and len(told) < MOST_TOLD:
                told.append({"repository": name, "said": ended if ended == "broken" else str(Outcome.from_json(winner.result))})
    if page["more"]:
        context.continue_as_new({**given, "after": page["repositories"][-1], "outcomes": outcomes, "told": told})
        return {}
    return {"target": target, "outcomes": outcomes, "told": told, "failure": None}


def _compared(context: df.DurableOrchestrationContext, target: str, repository: str, limits: Limits) -> Any:
    work = {"target": target, "repository": repository, "tag": None, "digest": None, "removing": True}
    given = {"work": work, "limits": limits.to_json(), "began": context.current_utc_datetime.isoformat(), "extras": True}
    return context.call_sub_orchestrator("converge_repository", given, repository_id(context.instance_id, repository))
