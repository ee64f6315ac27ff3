"""A whole repository at one target, brought to what the source holds: after its deletion, of which one event tells, and in reconciliation.

Its differences are taken some dozens at a time, each with its neighbourhood: first the indexes, then what they list. Where more than a few
would be removed in one go, a person is asked first."""

from collections.abc import Generator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.bringing import Bringing
from orchestrators.clearing import Clearing
from orchestrators.recording import record, waited_before
from orchestrators.run import Run, StartOver, input_of
from orchestrators.telling import Telling
from orchestrators.waiting import Place, as_time
from replication.conclusions import Ended
from replication.failures import Failure
from replication.limits import Limits
from replication.neighbourhood import Neighbourhood
from replication.outcomes import Outcome
from replication.progress import Progress, Sweep, Wide
from replication.work import Work

BEGINNING = {"authenticate_target", "weigh_removal"}  # what lets it in: asked once more by a run that waited for one of them
GO_AHEAD = "go_ahead"  # the event that an operator raises; its value is true or false
WORD_WITHIN = timedelta(days=6)  # the longest single timer


@bp.orchestration_trigger(context_name="context")
def converge_repository(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, began, happened?, extras?, progress?, sweep?}` -> an `Outcome` of all in it. `work.digest` is null. `extras`: what
    the source lacks goes only where the target's settings say so, since no event told that it was deleted. Custom status: as
    `publish_to_target`."""
    given = input_of(context)
    whole = WholeRepository(context, given)
    try:
        outcome = yield from whole.steps()
        whole.run.place.left()
        if outcome.outcome not in ("already_current", "filtered"):
            yield from record(whole.run, given["work"], [outcome], waited_before(given, whole.began))
    except StartOver:
        context.continue_as_new({**given, **whole.kept()})
        return {}
    return outcome.to_json()


class WholeRepository:
    def __init__(self, context: df.DurableOrchestrationContext, given: dict[str, Any]) -> None:
        self._context = context
        self._given = given
        self._named = {"target": given["work"]["target"], "repository": given["work"]["repository"]}
        self.began = datetime.fromisoformat(given["began"])
        self._progress = Progress.from_json(given["progress"]) if "progress" in given else Progress()
        self._sweep = Sweep(**given["sweep"]) if "sweep" in given else Sweep()
        self._begins = "progress" not in given or not self._progress.waits.refused.keys().isdisjoint(BEGINNING)
        limits = Limits.from_json(given["limits"])
        self.run = Run(context, limits, self._report, Place(context, self._named["target"], limits, self._progress.waits))
        self.run.may_land = self._progress.late

    def kept(self) -> dict[str, Any]:
        self._progress.late = self.run.may_land
        return {"progress": self._progress.to_json(), "sweep": asdict(self._sweep)}

    def steps(self) -> Generator[Any, Any, Outcome]:
        """Raises `StartOver`."""
        yield from self.run.resume()
        if self._begins:
            turned_away = yield from self._begin()
            if turned_away is not None:
                return turned_away
        while self._sweep.kinds:
            self.run.start_over_if_long()
            if self._progress.wide is None and not (yield from self._next_page()):
                continue
            yield from self._clear()
        return self._concluded()

    def _begin(self) -> Generator[Any, Any, Outcome | None]:
        """None: on with it."""
        self._report("signing in", None)
        admitted = yield from self.run.insist("authenticate_target", {**self._named, "tag": None})
        if isinstance(admitted, Failure):
            return self._outcome("failed", failure=admitted)
        if "filtered" in admitted:
            return self._outcome("filtered", admitted["filtered"])
        extras, most = bool(self._given.get("extras")), self.run.limits.removals
        weighed = yield from self.run.insist("weigh_removal", {**self._named, "extras": extras, "most": most})
        if isinstance(weighed, Failure):
            return self._outcome("failed", failure=weighed)
        if weighed["manifests"] <= most:
            return None
        return None if (yield from self._word(most)) else self._outcome("kept", "not_confirmed")

    def _word(self, most: int) -> Generator[Any, Any, bool]:
        """An operator's: whether so much is to be removed."""
        until = (self.run.now + WORD_WITHIN).timestamp()
        told = {"reason": "operator", "since": as_time(self.run.place.now), "next_try": as_time(until)}
        say = f"say POST /api/removals/{self._context.instance_id}"
        self._report(f"waiting: more than {most} manifests would be removed; {say}", None, told)
        answer = self._context.wait_for_external_event(GO_AHEAD)
        late: Any = self._context.create_timer(self.run.now + WORD_WITHIN)
        winner = yield self._context.task_any([answer, late])
        if winner is not answer:
            return False
        late.cancel()
        return winner.result in (True, "true")

    def _next_page(self) -> Generator[Any, Any, bool]:
        """False: nothing of this kind is left, or nobody could tell."""
        sweep = self._sweep
        self._report("comparing", None)
        found = yield from self.run.insist("differences", {**self._named, "indexes": sweep.kinds[0] == "indexes", "after": sweep.after})
        if isinstance(found, Failure):
            sweep.failure, sweep.kinds = found.to_json(), []
            return False
        if not found["digests"]:
            sweep.kinds, sweep.after = sweep.kinds[1:], None
            return False
        sweep.after = found["digests"][-1]
        waited = not self._given.get("extras")
        self._progress.wide = Wide(found["digests"], found["tags"], waited=waited, removed=sweep.removed, untold=sweep.untold)
        self._progress.rounds = self._progress.retries = 0
        return True

    def _clear(self) -> Generator[Any, Any, None]:
        wide, sweep, progress = self._progress.wide, self._sweep, self._progress
        assert wide is not None
        work = Work.from_json({**self._given["work"], "digest": wide.digests[0]})
        telling, bringing = Telling(self.run, work, self.began, progress), Bringing(self.run, work, self.began, progress)
        clearing = Clearing(telling, bringing, wide, lambda _: self._ended(), extras=bool(self._given.get("extras")))
        around = yield from clearing.rested()
        sweep.removed, sweep.untold, progress.wide, progress.incomplete = wide.removed, wide.untold, None, {}
        if isinstance(around, Failure):
            if around.code == "locked":
                sweep.kept = sweep.kept or "locked"
            else:
                sweep.failure = sweep.failure or around.to_json()
        elif isinstance(around, Neighbourhood):
            sweep.stands = sweep.stands or any(one.source for one in around.members)
            kept = (around.keeps(one.digest, wide.left) for one in around.members)
            sweep.kept = sweep.kept or next(filter(None, kept), None) or around.keeps_tag(wide.left)

    def _ended(self) -> Ended:
        removed = self._sweep.removed if self._progress.wide is None else self._progress.wide.removed
        if self._sweep.kept is not None:
            return "kept", None, self._sweep.kept
        if removed:
            return "deleted", None, None
        if self._progress.brought:
            return "replicated", None, None
        return "already_current" if self._given.get("extras") or self._sweep.stands else "already_absent", None, None

    def _concluded(self) -> Outcome:
        if self._sweep.failure is not None:
            return self._outcome("failed", failure=Failure.from_json(self._sweep.failure))
        name, _, reason = self._ended()
        return self._outcome(name, reason)

    def _outcome(self, name: Any, reason: str | None = None, failure: Failure | None = None) -> Outcome:
        return Outcome(
            target=self._named["target"],
            outcome=name,
            seconds=self.run.since(self.began),
            reason=reason,
            failure=failure,
            removed=tuple(self._sweep.removed),
            untold=self._sweep.untold,
        )

    def _report(self, state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        told = None if failure is None else failure.to_json()
        self._context.set_custom_status({"state": state, "failure": told, "waiting": waiting, "outcome": None})
