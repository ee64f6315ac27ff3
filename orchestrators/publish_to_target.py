"""Bring one target to what the source holds now: what was pushed, or, for whatever removes, a digest's whole neighbourhood."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.bringing import Bringing
from orchestrators.clearing import Clearing
from orchestrators.pushed import Pushed
from orchestrators.recording import record, waited_before
from orchestrators.run import Run, StartOver, input_of
from orchestrators.telling import Telling
from orchestrators.waiting import Place
from replication.conclusions import conclude_around
from replication.failures import Failure
from replication.limits import Limits
from replication.outcomes import Outcome
from replication.progress import Progress, Wide
from replication.work import Work


@bp.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, began, happened?, progress?}` -> an `Outcome`. Custom status: `{state, failure, waiting, outcome}`; the outcome
    stands there as soon as it is verified, while the run settles. A long run continues as new, with its `progress`."""
    given = input_of(context)
    publication = Publication(context, given)
    try:
        outcome = yield from publication.steps()
        yield from publication.record(outcome)
    except StartOver:
        context.continue_as_new({**given, "progress": publication.kept()})
        return {}
    return outcome.to_json()


class Publication:
    """One run for one target."""

    def __init__(self, context: df.DurableOrchestrationContext, given: dict[str, Any]) -> None:
        self._context = context
        self._work = Work.from_json(given["work"])
        began = datetime.fromisoformat(given["began"])
        self._waited = waited_before(given, began)
        self._progress = Progress.from_json(given["progress"]) if "progress" in given else Progress()
        self._begins = "progress" not in given or "authenticate_target" in self._progress.waits.refused
        limits = Limits.from_json(given["limits"])
        self._run = Run(context, limits, self._report, Place(context, self._work.target, limits, self._progress.waits))
        self._run.may_land = self._progress.late
        self._telling = Telling(self._run, self._work, began, self._progress)
        self._bringing = Bringing(self._run, self._work, began, self._progress)
        self._pushed = Pushed(self._telling, self._bringing, self._waited)

    def steps(self) -> Generator[Any, Any, Outcome]:
        """Raises `StartOver`."""
        yield from self._run.resume()
        turned_away = (yield from self._sign_in()) if self._begins else None
        if turned_away is not None:
            return turned_away
        if self._progress.wide is None and not self._work.removing:
            ended = yield from self._pushed.rested()
            if ended != "widen":
                return self._telling.failed(ended) if isinstance(ended, Failure) else ended
        return (yield from self._clear())

    def record(self, outcome: Outcome) -> Generator[Any, Any, None]:
        """Unless the step on which it ended has done so."""
        self._run.place.left()
        if not self._pushed.recorded:
            yield from record(self._run, self._work.to_json(), [outcome], self._waited)

    def kept(self) -> dict[str, Any]:
        self._progress.late = self._run.may_land
        return self._progress.to_json()

    def _sign_in(self) -> Generator[Any, Any, Outcome | None]:
        """None: let in."""
        self._report("signing in", None)
        admitted = yield from self._run.insist("authenticate_target", self._work.to_json())
        if isinstance(admitted, Failure):
            return self._telling.failed(admitted)
        if "filtered" not in admitted:
            return None
        self._pushed.recorded = True
        return self._telling.outcome("filtered", None, admitted["filtered"])

    def _clear(self) -> Generator[Any, Any, Outcome]:
        """The event of a deletion has waited the delete delay before it came here, a push until its doubts were over."""
        progress, work = self._progress, self._work
        if progress.wide is None:
            doubted = progress.doubted is not None
            tags = [] if work.tag is None else [str(work.tag)]
            progress.rounds, progress.wide = 0, Wide([str(work.digest)], tags, waited=work.removing or doubted)
        wide = progress.wide
        clearing = Clearing(
            self._telling, self._bringing, wide, lambda around: conclude_around(work, around, wide, brought=progress.brought)
        )
        around = yield from clearing.rested()
        if isinstance(around, Failure):
            return self._telling.failed(around)
        if isinstance(around, str):
            return self._telling.outcome("filtered", None, around)
        return self._telling.outcome(*clearing.conclude(around))

    def _report(self, state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        verified = self._progress.verified
        outcome = None if verified is None else {**verified.to_json(), "removed": []}  # a status has little room
        told = None if failure is None else failure.to_json()
        self._context.set_custom_status({"state": state, "failure": told, "waiting": waiting, "outcome": outcome})
