"""Bring one target to what the source holds now: look, decide, act, look again."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

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


@bp.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, began}` -> an `Outcome`. Custom status: `{state, failure, outcome}`; the outcome stands there as soon as it is
    verified, while the run settles."""
    given = input_of(context)
    publication = Publication(context, Work.from_json(given["work"]), Limits.from_json(given["limits"]), given["began"])
    outcome = yield from publication.steps()
    return outcome.to_json()


class Publication:
    """One run for one target. `verified`: the outcome so far, which a later look may still overturn."""

    def __init__(self, context: df.DurableOrchestrationContext, work: Work, limits: Limits, began: str) -> None:
        self._run = Run(context, limits, self._report)
        self._work = work
        self._limits = limits
        self._began = datetime.fromisoformat(began)
        self._context = context
        self._verified: Outcome | None = None

    def steps(self) -> Generator[Any, Any, Outcome]:
        """A run that changed something looks again after the settling time; one that removed something, at once as well. A push that is
        contradicted by what it sees looks again, later each time."""
        self._report("signing in", None)
        admitted = yield from self._run.insist("authenticate_target", {"target": self._work.target})
        if isinstance(admitted, Failure):
            return self._failed(admitted)
        rounds, unsettled, looks_again = 0, False, 0
        while True:
            seen = yield from self._look()
            if isinstance(seen, Failure):
                return self._failed(seen)
            step = self._next_step(seen)
            if isinstance(step, Bring | Remove):
                if rounds == self._limits.rounds:
                    return self._failed(self._unsettled())
                rounds += 1
                done = yield from self._bring(step, seen) if isinstance(step, Bring) else self._remove()
                if isinstance(done, Failure):
                    return self._failed(done)
                unsettled = isinstance(step, Remove)
                if isinstance(step, Bring):
                    yield from self._run.sleep(self._limits.settle if done else min(FIRST_LOOK_AGAIN**rounds, self._limits.settle))
                continue
            if unsettled:
                unsettled = False
                yield from self._run.sleep(self._limits.settle)
                continue
            pause = min(FIRST_LOOK_AGAIN * 2.0**looks_again, self._limits.recheck - self._run.since(self._began))
            if pause <= 0 or not self._contradicted(seen):
                return self._concluded(seen, step, changed=rounds > 0)
            looks_again += 1
            self._doubt(*conclude(self._work, seen, step, changed=rounds > 0))
            yield from self._run.sleep(pause)

    def _look(self) -> Generator[Any, Any, Seen | Failure]:
        if self._verified is None:
            self._report("looking", None)
        seen = yield from self._run.insist("look", self._work.to_json())
        return seen if isinstance(seen, Failure) else Seen.from_json(seen)

    def _next_step(self, seen: Seen) -> Bring | Remove | Keep | Rest:
        work = self._work
        return next_step(
            tag=work.tag, digest=work.digest, removing=work.removing, source=seen.source, target=seen.target, standing=seen.standing
        )

    def _contradicted(self, seen: Seen) -> bool:
        return not self._work.removing and contradicts_push(tag=self._work.tag, digest=self._work.digest, source=seen.source)

    def _bring(self, step: Bring, seen: Seen) -> Generator[Any, Any, bool | Failure]:
        """Content first; the tag last, when the content is verified. True when all of it is verified at the target."""
        content = self._work.of(step.digest, None)
        missing: list[str] | Failure = ["all"]
        if seen.target.has_digest or step.digest != self._work.digest:  # else the look has told already
            self._report("verifying", None)
            missing = yield from content_missing(self._run, content)
        if missing and not isinstance(missing, Failure):
            missing = (yield from bring_content(self._run, content)) or []
        if isinstance(missing, Failure):
            return missing
        if step.tag is not None:
            tagged = yield from self._move_tag(self._work.of(step.digest, step.tag))
            if tagged is not True:
                return tagged
        self._verify("superseded" if step.digest != self._work.digest else "replicated", step.digest, None)
        return True

    def _move_tag(self, work: Work) -> Generator[Any, Any, bool | Failure]:
        self._report("moving the tag", None)
        moved = yield from self._run.insist("move_tag", work.to_json())
        if isinstance(moved, Failure) or moved["state"] == "moved_on":
            return moved if isinstance(moved, Failure) else False
        checked = yield from self._run.insist("verify_digest", work.to_json())
        return checked if isinstance(checked, Failure) else bool(checked["verified"])

    def _remove(self) -> Generator[Any, Any, bool | Failure]:
        self._report("deleting", None)
        gone = yield from self._run.insist("delete_artifact", self._work.to_json())
        return gone if isinstance(gone, Failure) else gone["state"] != "came_back"

    def _verify(self, name: Name, digest: Digest | None, reason: str | None) -> None:
        """The outcome is told as soon as it stands; it is timed at its first telling."""
        if self._verified is None or self._verified.outcome != name:
            self._verified = self._outcome(name, digest, reason)
        self._report("settling", None)

    def _doubt(self, name: Name, digest: Digest | None, reason: str | None) -> None:
        """That a tag has moved on can be told; that what was pushed is nowhere can not, until there is nothing more to wait for."""
        if name == "superseded":
            self._verify(name, digest, reason)
        else:
            self._report("looking again", None)

    def _concluded(self, seen: Seen, step: Keep | Rest, *, changed: bool) -> Outcome:
        name, digest, reason = conclude(self._work, seen, step, changed=changed)
        if self._verified is not None and self._verified.outcome == name:
            return self._verified
        return self._outcome(name, digest, reason)

    def _outcome(self, name: Name, digest: Digest | None, reason: str | None) -> Outcome:
        text = None if digest is None else str(digest)
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

    def _unsettled(self) -> Failure:
        return Failure(
            kind="transient",
            code="unsettled",
            doing=f"bring {self._work.repository} at {self._work.target} to what the source holds",
            said=f"source and target still differed after {self._limits.rounds} changes",
            hint="Something else changes the tag as fast as it is replicated: find it, then push once more.",
        )

    def _report(self, state: str, failure: Failure | None) -> None:
        outcome = None if self._verified is None else self._verified.to_json()
        told = None if failure is None else failure.to_json()
        self._context.set_custom_status({"state": state, "failure": told, "outcome": outcome})
