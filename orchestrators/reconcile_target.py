"""Every repository of one target's scope, compared: a page of them at a time, and some of a page at once."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import Run, StartOver, input_of
from orchestrators.waiting import Place
from replication.failures import Failure
from replication.instances import repository_id
from replication.limits import Limits
from replication.outcomes import Outcome
from replication.waiting import Waits

AT_ONCE = 8  # repositories
MOST_TOLD = 50  # repositories of which the outcome is told for itself
QUIET = {"already_current", "filtered"}


@bp.orchestration_trigger(context_name="context")
def reconcile_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{target, limits, after, outcomes?, told?, waits?}` -> `{target, outcomes, told, failure}`: how many repositories ended how; those
    that were not as they should be, up to a number; and why the rest was not looked at, if it was not. Begins anew with each page."""
    given = input_of(context)
    waits = Waits.from_json(given["waits"]) if "waits" in given else Waits()
    try:
        return (yield from _page(context, given, waits))
    except StartOver:
        context.continue_as_new({**given, "waits": waits.to_json()})
        return {}


def _page(context: df.DurableOrchestrationContext, given: dict[str, Any], waits: Waits) -> Generator[Any, Any, dict[str, Any]]:
    """Raises `StartOver`, while it waits for the target."""
    target, limits = given["target"], Limits.from_json(given["limits"])
    outcomes, told = dict(given.get("outcomes") or {}), list(given.get("told") or [])

    def report(state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        why = None if failure is None else failure.to_json()
        context.set_custom_status({"state": state, "failure": why, "waiting": waiting, "outcomes": outcomes})  # a status has little room

    run = Run(context, limits, report, Place(context, target, limits, waits))
    yield from run.resume()
    report(f"listing repositories after {given['after']}" if given["after"] else "listing repositories", None)
    page = yield from run.insist("list_repositories", {"target": target, "after": given["after"]})
    run.place.left()
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
        context.continue_as_new(
            {**given, "waits": Waits().to_json(), "after": page["repositories"][-1], "outcomes": outcomes, "told": told}
        )
        return {}
    return {"target": target, "outcomes": outcomes, "told": told, "failure": None}


def _compared(context: df.DurableOrchestrationContext, target: str, repository: str, limits: Limits) -> Any:
    work = {"target": target, "repository": repository, "tag": None, "digest": None, "removing": True}
    given = {"work": work, "limits": limits.to_json(), "began": context.current_utc_datetime.isoformat(), "extras": True}
    return context.call_sub_orchestrator("converge_repository", given, repository_id(context.instance_id, repository))
