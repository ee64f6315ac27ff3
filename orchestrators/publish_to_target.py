"""Bring one target to what the source holds now: look, decide, act, look again."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, Literal

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.importing import bring_content, content_missing
from orchestrators.run import Run, input_of
from replication.decisions import Bring, Keep, Remove, Rest, contradicts_push, next_step
from replication.failures import Failure
from replication.limits import Limits
from replication.outcomes import Name, Outcome, conclude
from replication.references import Digest
from replication.work import Seen, Work

FIRST_LOOK_AGAIN = 2.0  # seconds, then twice as long each time

Brought = Literal["verified", "unverified", "moved_on"]


@bp.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, began}` -> an `Outcome`. Custom status: `{state, failure, outcome}`; the outcome stands there as soon as it is
    verified, while the run settles."""
    given = input_of(context)
    publication = Publication(context, Work.from_json(given["work"]), Limits.from_json(given["limits"]), given["began"])
    outcome = yield from publication.steps()
    return outcome.to_json()


class Publication:
    """One run for one target. `verified`: the outcome so far, which a later look may still overturn. `whole`: the digests of which this
    run has seen every child at the target."""

    def __init__(self, context: df.DurableOrchestrationContext, work: Work, limits: Limits, began: str) -> None:
        self._run = Run(context, limits, self._report)
        self._work = work
        self._limits = limits
        self._began = datetime.fromisoformat(began)
        self._context = context
        self._verified: Outcome | None = None
        self._whole: set[Digest] = set()
        self._rounds = self._looks_again = 0
        self._brought = self._removed = self._unsettled = False
        self._doubted: datetime | None = None  # since when, without a change

    def steps(self) -> Generator[Any, Any, Outcome]:
        turned_away = yield from self._sign_in()
        if turned_away is not None:
            return turned_away
        while True:
            seen = yield from self._look()
            if not isinstance(seen, Seen):
                return seen
            step = yield from self._next_step(seen)
            if isinstance(step, Bring | Remove):
                if self._rounds == self._limits.rounds:
                    return self._failed(self._never_settles())
                done = yield from self._bring(step, seen) if isinstance(step, Bring) else self._remove()
                if done is not None:
                    return self._failed(done)
                continue
            if isinstance(step, Failure):
                return self._failed(step)
            pause = self._pause(seen)
            if pause is None:
                return self._concluded(seen, step)
            self._doubt(seen, step)
            yield from self._run.sleep(pause)

    def _sign_in(self) -> Generator[Any, Any, Outcome | None]:
        """None: let in."""
        self._report("signing in", None)
        admitted = yield from self._run.insist("authenticate_target", self._work.to_json())
        if isinstance(admitted, Failure):
            return self._failed(admitted)
        return self._outcome("filtered", None, admitted["filtered"]) if "filtered" in admitted else None

    def _look(self) -> Generator[Any, Any, Seen | Outcome]:
        if self._verified is None:
            self._report("looking", None)
        seen = yield from self._run.insist("look", self._work.to_json())
        if isinstance(seen, Failure):
            return self._failed(seen)
        return self._outcome("filtered", None, seen["filtered"]) if "filtered" in seen else Seen.from_json(seen)

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
        if not isinstance(step, Rest) or not seen.index or meant is None or meant in self._whole:
            return step
        missing = yield from content_missing(self._run, work.of(meant, None))
        if isinstance(missing, Failure):
            return missing
        if missing:
            return Bring(meant, work.tag)
        self._whole.add(meant)
        return step

    def _pause(self, seen: Seen) -> float | None:
        """Seconds until another look, None when there is nothing to wait for: what was removed may come back within the settling time,
        and a push that the source contradicts may have been answered by a stale replica."""
        if self._unsettled:
            self._unsettled = False
            return self._limits.settle
        contradicted = not self._work.removing and contradicts_push(tag=self._work.tag, digest=self._work.digest, source=seen.source)
        return self._pause_in_doubt() if contradicted else None

    def _pause_in_doubt(self) -> float | None:
        """Longer each time; None when the time for doubts is over. It begins anew with each change."""
        if self._doubted is None:
            self._doubted, self._looks_again = self._run.now, 0
        left = self._limits.recheck - self._run.since(self._doubted)
        if left <= 0:
            return None
        self._looks_again += 1
        return min(FIRST_LOOK_AGAIN * 2.0 ** (self._looks_again - 1), left)

    def _changed(self) -> None:
        self._rounds += 1
        self._doubted = None

    def _bring(self, step: Bring, seen: Seen) -> Generator[Any, Any, Failure | None]:
        """Then wait for the settling time, within which a late import or another run may undo it; the look after it decides."""
        brought = yield from self._bring_in_order(step, seen)
        if isinstance(brought, Failure):
            return brought
        if brought == "moved_on":  # nothing was put; the source, or one stale replica of it, said something else a moment ago
            if self._doubted is None:  # first doubts, or content was imported and they begin anew, which must not go on for ever
                self._rounds += 1
            pause = self._pause_in_doubt()
            if pause is None:
                return self._never_settles()
            yield from self._run.sleep(pause)
            return None
        self._changed()
        self._brought = True
        if brought == "verified":
            self._whole.add(step.digest)
            self._verify("superseded" if step.digest != self._work.digest else "replicated", step.digest, None)
        yield from self._run.sleep(self._limits.settle)
        return None

    def _bring_in_order(self, step: Bring, seen: Seen) -> Generator[Any, Any, Brought | Failure]:
        """Content first; the tag last, when the content is verified."""
        content = self._work.of(step.digest, None)
        missing: list[str] | Failure = ["all"]
        if seen.target.has_digest or step.digest != self._work.digest:  # else the look has told already
            self._report("verifying", None)
            missing = yield from content_missing(self._run, content)
        if missing and not isinstance(missing, Failure):
            missing = (yield from bring_content(self._run, content)) or []
            self._doubted = None
        if isinstance(missing, Failure):
            return missing
        if step.tag is None:
            return "verified"
        self._report("moving the tag", None)
        tagged = self._work.of(step.digest, step.tag).to_json()
        moved = yield from self._run.insist("move_tag", tagged)
        if isinstance(moved, Failure):
            return moved
        if moved["state"] == "moved_on":
            return "moved_on"
        checked = yield from self._run.insist("verify_digest", tagged)
        return checked if isinstance(checked, Failure) else "verified" if checked["verified"] else "unverified"

    def _remove(self) -> Generator[Any, Any, Failure | None]:
        """Looked at again at once and, when nothing is found then, after the settling time."""
        self._report("deleting", None)
        gone = yield from self._run.insist("delete_artifact", self._work.to_json())
        if isinstance(gone, Failure):
            return gone
        self._changed()
        self._unsettled = True
        self._removed = self._removed or gone["state"] == "deleted"
        return None

    def _doubt(self, seen: Seen, step: Keep | Rest) -> None:
        """That a tag has moved on can be told; that what was pushed is nowhere can not, until there is nothing more to wait for."""
        name, digest, reason = conclude(self._work, seen, step, brought=self._brought, removed=self._removed)
        if name in ("superseded", "deleted"):
            self._verify(name, digest, reason)
        else:
            self._report("looking again", None)

    def _verify(self, name: Name, digest: Digest | None, reason: str | None) -> None:
        """The outcome is told as soon as it stands; it is timed at its first telling."""
        self._verified = self._outcome(name, digest, reason)
        self._report("settling", None)

    def _concluded(self, seen: Seen, step: Keep | Rest) -> Outcome:
        return self._outcome(*conclude(self._work, seen, step, brought=self._brought, removed=self._removed))

    def _outcome(self, name: Name, digest: Digest | None, reason: str | None) -> Outcome:
        text = None if digest is None else str(digest)
        if self._verified is not None and (self._verified.outcome, self._verified.digest) == (name, text):
            return self._verified
        return Outcome(target=self._work.target, outcome=name, seconds=self._run.since(self._began), digest=text, reason=reason)

    def _failed(self, failure: Failure) -> Outcome:
        """A lock is somebody's wish, not a mishap. What was verified before, and could not be looked at again, is told as well."""
        locked = failure.code == "locked"
        return Outcome(
            target=self._work.target,
            outcome="kept" if locked else "failed",
            seconds=self._run.since(self._began),
            digest=None if self._verified is None else self._verified.digest,
            reason="locked" if locked else None,
            failure=failure,
        )

    def _never_settles(self) -> Failure:
        return Failure(
            kind="transient",
            code="unsettled",
            doing=f"bring {self._work.repository} at {self._work.target} to what the source holds",
            said=f"source and target still differed after {self._rounds} changes in {self._run.since(self._began):.0f} s",
            hint="Something else changes the tag as fast as it is replicated, or a registry answers stale for long: push once more.",
        )

    def _report(self, state: str, failure: Failure | None) -> None:
        outcome = None if self._verified is None else self._verified.to_json()
        told = None if failure is None else failure.to_json()
        self._context.set_custom_status({"state": state, "failure": told, "outcome": outcome})
