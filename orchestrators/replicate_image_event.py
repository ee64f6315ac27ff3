"""One event of the source registry, brought to every target: one sub-orchestration for each, so that none waits for another."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.recording import record, waited_before
from orchestrators.run import Run, StartOver, input_of
from orchestrators.waiting import Place
from replication.failures import Failure, said
from replication.instances import child_id
from replication.limits import Limits
from replication.outcomes import Outcome, summary
from replication.waiting import SOURCE, Waits

ROOM = 24  # events that may be there before the parts of a hundred targets, which leave four each
LONGEST_MESSAGE = 4000  # characters: a custom status may have 16 KB of UTF-16


@bp.orchestration_trigger(context_name="context")
def replicate_image_event(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{event: {action, repository, tag, digest}, targets, limits, own_limits, happened?}` -> `{state: "accepted", outcomes}`.
    `own_limits`: those of the targets that have their own, by name. `happened`: the event's own time, in seconds since 1970. Custom
    status: `{message, waiting}`: for what it waits, since when, and when it is tried next. What waits for the source continues as new, with
    `began` and `waits`; so does what has waited, before the parts of its targets fill a history by themselves."""
    given = input_of(context)
    began: datetime = context.current_utc_datetime if "began" not in given else datetime.fromisoformat(given["began"])
    waits = Waits.from_json(given["waits"]) if "waits" in given else Waits()
    try:
        return (yield from _steps(context, given, began, waits))
    except StartOver:
        context.continue_as_new({**given, "began": began.isoformat(), "waits": waits.to_json()})
        return {}


def _steps(
    context: df.DurableOrchestrationContext, given: dict[str, Any], began: datetime, waits: Waits
) -> Generator[Any, Any, dict[str, Any]]:
    """Raises `StartOver`, while it waits for the source, and after."""
    event, targets, limits = given["event"], given["targets"], Limits.from_json(given["limits"])

    def report(state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        _report(context, str(failure or state), waiting)

    run = Run(context, limits, report, Place(context, SOURCE, limits, waits))
    yield from run.resume()
    waited = waited_before(given, began)
    if event["action"] == "delete" and "began" not in given:
        run.report(f"a delete is looked into after {run.limits.delete_delay:.0f} s", None)
        yield from run.sleep(run.limits.delete_delay)
    run.report("getting a pull token", None)
    wanted = {"repository": event["repository"], "tag": event["tag"], "targets": targets}
    token = yield from run.insist("fetch_source_token", wanted)
    run.place.left()
    if isinstance(token, Failure):
        failed = [Outcome(target=target, outcome="failed", seconds=run.since(began), failure=token) for target in targets]
        yield from record(run, event, failed, waited)
        return _answer(context, failed)
    if "filtered" in token:
        return _answer(context, [_filtered(target, reason, run.since(began)) for target, reason in token["filtered"].items()])
    run.start_over_if_long(ROOM)
    work = {"repository": event["repository"], "tag": event["tag"], "digest": event["digest"], "removing": event["action"] == "delete"}
    own_limits = given.get("own_limits") or {}
    times = {"began": began.isoformat(), "happened": given.get("happened")}
    open_tasks = {
        target: _part(context, {"work": {"target": target, **work}, "limits": own_limits.get(target, given["limits"]), **times})
        for target in targets
    }
    outcomes, thrown = list[Outcome](), list[Outcome]()
    while open_tasks:
        _report(context, summary(outcomes, open_tasks))
        winner = yield context.task_any(list(open_tasks.values()))
        target = next(name for name, task in open_tasks.items() if task is winner)
        del open_tasks[target]
        outcomes.append(_outcome(target, winner.result, run.since(began)))
        if isinstance(winner.result, Exception):
            thrown.append(outcomes[-1])
    if thrown:
        yield from record(run, event, thrown, waited)
    return _answer(context, outcomes)


def _part(context: df.DurableOrchestrationContext, given: dict[str, Any]) -> Any:
    """One target's. An event without a digest tells that a whole repository was deleted."""
    part = child_id(context.instance_id, given["work"]["target"])
    if given["work"]["digest"] is None:
        return context.call_sub_orchestrator("converge_repository", given, part)
    return context.call_sub_orchestrator("publish_to_target", given, part)


def _outcome(target: str, result: dict[str, Any] | Exception, seconds: float) -> Outcome:
    if not isinstance(result, Exception):
        return Outcome.from_json(result)
    failure = Failure(
        kind="conflict",
        code="unexpected",
        doing=f"publish to {target}",
        said=said(result),
        hint="That is a bug of this app: report it with the instance id and the log of that time.",
    )
    return Outcome(target=target, outcome="failed", seconds=seconds, failure=failure)


def _filtered(target: str, reason: str, seconds: float) -> Outcome:
    return Outcome(target=target, outcome="filtered", seconds=seconds, reason=reason)


def _answer(context: df.DurableOrchestrationContext, outcomes: list[Outcome]) -> dict[str, Any]:
    _report(context, summary(outcomes, ()))
    return {"state": "accepted", "outcomes": [outcome.to_json() for outcome in sorted(outcomes, key=lambda one: one.target)]}


def _report(context: df.DurableOrchestrationContext, message: str, waiting: dict[str, str] | None = None) -> None:
    context.set_custom_status({"message": message[:LONGEST_MESSAGE], "waiting": waiting})
