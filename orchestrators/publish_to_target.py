"""Bring one target to what the source holds now: look, decide, act, look again."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.bringing import Bringing
from orchestrators.importing import content_missing
from orchestrators.recording import record, waited_before
from orchestrators.run import Run, StartOver, input_of
from replication.decisions import Bring, Keep, Remove, Rest, contradicts_push, next_step
from replication.endings import Ending
from replication.failures import Failure
from replication.limits import Limits
from replication.outcomes import Name, Outcome, conclude
from replication.progress import Doubt, Progress
from replication.references import Digest
from replication.work import Seen, Work

FIRST_LOOK_AGAIN = 2.0  # seconds, then twice as long each time


@bp.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, began, happened?, progress?}` -> an `Outcome`. Custom status: `{state, failure, outcome}`; the outcome stands there
    as soon as it is verified, while the run settles. A long run continues as new, with its `progress`."""
    given = input_of(context)
    publication = Publication(context, given)
    try:
        outcome = yield from publication.steps()
        yield from publication.record(outcome)
    except StartOver:
        context.continue_as_new({**given, "progress": publication.progress.to_json()})
        return {}
    return outcome.to_json()


class Publication:
    """One run for one target."""

    def __init__(self, context: df.DurableOrchestrationContext, given: dict[str, Any]) -> None:
        self._context = context
        self._work = Work.from_json(given["work"])
        self._limits = Limits.from_json(given["limits"])
        self._began = datetime.fromisoformat(given["began"])
        self._waited = waited_before(given, self._began)
        self._recorded = False
        self._begins = "progress" not in given
        self.progress = Progress() if self._begins else Progress.from_json(given["progress"])
        self._run = Run(context, self._limits, self._report)
        self._bringing = Bringing(self._run, self._work, self._began, self.progress)

    def steps(self) -> Generator[Any, Any, Outcome]:
        """Raises `StartOver`."""
        turned_away = (yield from self._sign_in()) if self._begins else None
        if turned_away is not None:
            return turned_away
        while True:
            self._run.start_over_if_long()
            ended = yield from self._round()
            if ended is not None:
                return self._failed(ended) if isinstance(ended, Failure) else ended

    def record(self, outcome: Outcome) -> Generator[Any, Any, None]:
        """Unless the step on which it ended has done so."""
        if not self._recorded:
            yield from record(self._run, self._work.to_json(), [outcome], self._waited)

    def _sign_in(self) -> Generator[Any, Any, Outcome | None]:
        """None: let in."""
        self._report("signing in", None)
        admitted = yield from self._run.insist("authenticate_target", self._work.to_json())
        if isinstance(admitted, Failure):
            return self._failed(admitted)
        return self._left_out(admitted["filtered"]) if "filtered" in admitted else None

    def _round(self) -> Generator[Any, Any, Outcome | Failure | None]:
        """Look, decide, act or wait. None: look again."""
        seen = yield from self._look()
        if isinstance(seen, Seen):
            seen = yield from self._bringing.claimed(seen)
        if not isinstance(seen, Seen):
            return seen
        step = yield from self._next_step(seen)
        if isinstance(step, Failure):
            return step
        if isinstance(step, Bring | Remove):
            if self.progress.rounds == self._limits.rounds:
                return self._never_settles()
            return (yield from self._bring(step, seen) if isinstance(step, Bring) else self._remove())
        pause = self._pause(seen)
        if pause is None:
            return self._concluded(seen, step)
        self._doubt(seen, step)
        yield from self._run.sleep(pause)
        return None

    def _look(self) -> Generator[Any, Any, Seen | Outcome | Failure]:
        if self.progress.verified is None:
            self._report("looking", None)
        seen = yield from self._run.insist("look", {**self._work.to_json(), **self._expected()})
        if isinstance(seen, Failure):
            return seen
        if "filtered" in seen:
            return self._left_out(seen["filtered"])
        self._recorded = "recorded" in seen
        return Seen.from_json(seen)

    def _expected(self) -> dict[str, Any]:
        """How a push ends if the look finds all in place."""
        if self._work.removing:
            return {}
        outcome = self._outcome("replicated" if self.progress.brought else "already_current", self._work.digest, None)
        return {"ending": Ending.of(outcome, self._waited).to_json(), "whole": str(self._work.digest) in self.progress.whole}

    def _left_out(self, reason: str) -> Outcome:
        self._recorded = True
        return self._outcome("filtered", None, reason)

    def _next_step(self, seen: Seen) -> Generator[Any, Any, Bring | Remove | Keep | Rest | Failure]:
        """The decision; and where tags and digests agree, whether an index is there with every child."""
        work = self._work
        step = next_step(
            tag=work.tag,
            digest=work.digest,
            removing=work.removing,
            source=seen.source,
            target=seen.target,
            standing=seen.standing,
            deletes=seen.deletes,
        )
        meant = seen.source.tagged if work.tag is not None else work.digest if seen.source.has_digest else None
        if not isinstance(step, Rest) or not seen.index or meant is None or str(meant) in self.progress.whole:
            return step
        missing = yield from content_missing(self._run, work.of(meant, None))
        if isinstance(missing, Failure):
            return missing
        if missing:
            return Bring(meant, work.tag)
        self.progress.keep_whole(meant)
        return step

    def _pause(self, seen: Seen) -> float | None:
        """Seconds until another look, None when there is nothing to wait for: what was removed may come back within the settling time,
        and a push that the source contradicts may have been answered by a stale replica."""
        if self.progress.unsettled:
            self.progress.unsettled = False
            return self._limits.settle
        contradicted = not self._work.removing and contradicts_push(tag=self._work.tag, digest=self._work.digest, source=seen.source)
        return self._pause_in_doubt() if contradicted else None

    def _pause_in_doubt(self) -> float | None:
        """Longer each time; None when the time for doubts is over. It begins anew with each change."""
        doubt = self.progress.doubted = self.progress.doubted or Doubt(self._elapsed)
        left = self._limits.recheck - (self._elapsed - doubt.since)
        if left <= 0:
            return None
        doubt.looks += 1
        return min(FIRST_LOOK_AGAIN * 2.0 ** (doubt.looks - 1), left)

    def _changed(self) -> None:
        self.progress.rounds += 1
        self.progress.doubted = None

    def _bring(self, step: Bring, seen: Seen) -> Generator[Any, Any, Failure | None]:
        """Then wait for the settling time, within which a late import or another run may undo it; the look after it decides."""
        brought = yield from self._bringing.in_order(step, seen)
        if isinstance(brought, Failure):
            return brought
        if brought == "incomplete":
            return (yield from self._bringing.wait_for_source(step.digest))
        self.progress.incomplete = None
        if brought == "moved_on":  # nothing was put; the source, or one stale replica of it, said something else a moment ago
            if self.progress.doubted is None:  # first doubts, or content was imported and they begin anew, which must not go on for ever
                self.progress.rounds += 1
            pause = self._pause_in_doubt()
            if pause is None:
                return self._never_settles()
            yield from self._run.sleep(pause)
            return None
        self._changed()
        self.progress.brought = True
        if brought == "verified":
            self.progress.keep_whole(step.digest)
            self._verify("superseded" if step.digest != self._work.digest else "replicated", step.digest, None)
        yield from self._run.sleep(self._limits.settle)
        return None

    def _remove(self) -> Generator[Any, Any, Failure | None]:
        """Looked at again at once and, when nothing is found then, after the settling time."""
        self._report("deleting", None)
        gone = yield from self._run.insist("delete_artifact", self._work.to_json())
        if isinstance(gone, Failure):
            return gone
        self._changed()
        self.progress.unsettled = True
        self.progress.removed = self.progress.removed or gone["state"] == "deleted"
        return None

    def _doubt(self, seen: Seen, step: Keep | Rest) -> None:
        """That a tag has moved on can be told; that what was pushed is nowhere can not, until there is nothing more to wait for."""
        name, digest, reason = conclude(self._work, seen, step, brought=self.progress.brought, removed=self.progress.removed)
        if name in ("superseded", "deleted"):
            self._verify(name, digest, reason)
        else:
            self._report("looking again", None)

    def _verify(self, name: Name, digest: Digest | None, reason: str | None) -> None:
        """The outcome is told as soon as it stands; it is timed at its first telling."""
        self.progress.verified = self._outcome(name, digest, reason)
        self._report("settling", None)

    def _concluded(self, seen: Seen, step: Keep | Rest) -> Outcome:
        return self._outcome(*conclude(self._work, seen, step, brought=self.progress.brought, removed=self.progress.removed))

    def _outcome(self, name: Name, digest: Digest | None, reason: str | None) -> Outcome:
        text = None if digest is None else str(digest)
        if self.progress.verified is not None and (self.progress.verified.outcome, self.progress.verified.digest) == (name, text):
            return self.progress.verified
        return Outcome(target=self._work.target, outcome=name, seconds=self._elapsed, digest=text, reason=reason)

    def _failed(self, failure: Failure) -> Outcome:
        """A lock is somebody's wish, not a mishap. What was verified before, and could not be looked at again, is told as well."""
        locked = failure.code == "locked"
        return Outcome(
            target=self._work.target,
            outcome="kept" if locked else "failed",
            seconds=self._elapsed,
            digest=None if self.progress.verified is None else self.progress.verified.digest,
            reason="locked" if locked else None,
            failure=failure,
        )

    def _never_settles(self) -> Failure:
        return Failure(
            kind="transient",
            code="unsettled",
            doing=f"bring {self._work.repository} at {self._work.target} to what the source holds",
            said=f"source and target still differed after {self.progress.rounds} changes in {self._elapsed:.0f} s",
            hint="Something else changes the tag as fast as it is replicated, or a registry answers stale for long: push once more.",
        )

    @property
    def _elapsed(self) -> float:
        """Seconds since the run began."""
        return self._run.since(self._began)

    def _report(self, state: str, failure: Failure | None) -> None:
        outcome = None if self.progress.verified is None else self.progress.verified.to_json()
        told = None if failure is None else failure.to_json()
        self._context.set_custom_status({"state": state, "failure": told, "outcome": outcome})
