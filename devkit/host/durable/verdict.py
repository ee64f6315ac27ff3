"""What becomes of an instance, by what its orchestrator has answered: judged without writing anything."""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from devkit.host.durable import http
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.disagreements import advice, disagreements
from devkit.host.durable.entities import entity_name
from devkit.host.durable.messages import Event, Kind
from devkit.host.durable.orchestrator import State
from devkit.host.durable.replay import Action, Mismatch, NonDeterministic, Replay, Work
from devkit.host.durable.rows import Instance
from devkit.host.durable.rules import Note, explained
from devkit.host.durable.versions import MISMATCH

log = logging.getLogger("devkit.host")
LARGEST_STATUS = 16 * 1024  # bytes of UTF-16


@dataclass(slots=True)
class Verdict:
    """What becomes of the instance: it goes on with new work, ends, or starts over (`restart`: the new input, a JSON text)."""

    status: str = "Running"
    output: str | None = None
    restart: str | None = None
    work: list[Work] = field(default_factory=list)
    carried: list[Event] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def judge(catalogue: Catalogue, instance: Instance, state: State, history: Iterable[Event], *, now: datetime, most: int) -> Verdict:
    """`most` is how many actions it may do (maxOrchestrationActions). Raises `Mismatch`."""
    if state.actions is None:
        return failed(instance, state.error or "")
    if _number(state.actions) > most:
        raise Mismatch(
            f"Maximum amount of orchestration actions ({most:,}) has been reached. This value can be configured in host.json file as"
            " MaxOrchestrationActions."
        )
    replay = Replay(state.actions, now)
    try:
        replay.over(history)
    except NonDeterministic as moved:
        raise Mismatch(f"{moved}{advice(replay)}") from None
    work = list(replay.pending.values())
    _look_up(catalogue, work)
    if state.custom_status is not None and len(state.custom_status.encode("utf-16-le")) > LARGEST_STATUS:
        raise Mismatch(f"The custom status is larger than {LARGEST_STATUS // 1024} KB of UTF-16: keep it short.")
    notes = disagreements(replay, state)
    if wrong := next((note for note in notes if note.rule.fails), None):
        raise Mismatch(str(wrong))
    verdict = _verdict(replay, state, instance)
    verdict.notes = notes
    return verdict


def _verdict(replay: Replay, state: State, instance: Instance) -> Verdict:
    work = list(replay.pending.values())
    if not replay.ended or not (state.done or state.error):
        return Verdict(work=work)
    if state.error:
        return failed(instance, state.error)
    if replay.restart is not None:
        return Verdict(restart=json.dumps(replay.restart.get("input")), carried=replay.unconsumed())
    return Verdict("Completed", output=state.output, work=work)


def _number(actions: Iterable[Action]) -> int:
    """Of actions, those within WhenAll and WhenAny each for itself."""
    return sum(_number(each["compoundActions"]) if "compoundActions" in each else 1 for each in actions)


def _look_up(catalogue: Catalogue, pending: Iterable[Work]) -> None:
    """Raises `Mismatch` for a function that the app does not have, and for a child with an entity's id."""
    for work in pending:
        given = work.action.get("instanceId") or ""
        if work.kind == Kind.SUB_ORCHESTRATION_CREATED and given.startswith("@"):
            raise Mismatch(f"The instance ID {given!r} is an entity's: no orchestration's begins with '@'.")
        if any("\ud800" <= letter <= "\udfff" for letter in f"{given}{work.name}"):
            raise Mismatch(
                f"The name {given or work.name!r} holds half a character (a lone surrogate), which no text may: take whole ones."
            )
        for kind, known, what in (
            (Kind.TASK_SCHEDULED, catalogue.activities, "activity"),
            (Kind.SUB_ORCHESTRATION_CREATED, catalogue.orchestrators, "orchestrator"),
            (Kind.EVENT_SENT, catalogue.entities, "entity"),
        ):
            name = entity_name(work.action["instanceId"]) if kind == Kind.EVENT_SENT == work.kind else work.name
            if work.kind == kind and name.lower() not in known and name != http.ACTIVITY:
                raise Mismatch(
                    f"The {what} function {name!r} does not exist or is disabled; Azure would not say so but leave this instance Running"
                    " for ever. Register it, or correct the name."
                )


def refused(instance: Instance) -> Verdict:
    """Its version is not one that this host may run, and host.json says that it fails then."""
    log.error("%s: its version %s is not one that host.json takes", instance.id, instance.version or "none")
    return Verdict("Failed", output=json.dumps(MISMATCH))


def failed(instance: Instance, error: str) -> Verdict:
    reason = f"Orchestrator function '{instance.name}' failed: {error}"
    log.error("%s: %s", instance.id, reason.partition("\n")[0][:500])
    if (hint := explained(error)) is not None:
        log.warning("%s: %s", instance.id, hint)
    return Verdict("Failed", output=json.dumps(reason))
