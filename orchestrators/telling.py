"""What a run for one target tells of itself: the state it is in, and the outcome as soon as it stands."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrators.run import Run
from replication.conclusions import Ended
from replication.failures import Failure
from replication.outcomes import Name, Outcome
from replication.progress import Progress, Wide
from replication.references import Digest
from replication.work import Work

RETRIES = 3  # late ones


@dataclass(frozen=True, slots=True)
class Telling:
    """Of a run that began at `began`."""

    run: Run
    work: Work
    began: datetime
    progress: Progress

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.run.since(self.began)

    def verified(self, ended: Ended) -> None:
        """The outcome is told as soon as it stands, while the run settles; it is timed at its first telling."""
        self.progress.verified = self.outcome(*ended)
        self.run.report("settling", None)

    def outcome(self, name: Name, digest: Digest | None, reason: str | None) -> Outcome:
        text, told = None if digest is None else str(digest), self.progress.verified
        same = told is not None and (told.outcome, told.digest) == (name, text)
        return self._ended(name, told.seconds if same and told is not None else self.elapsed, text, reason, None)

    def failed(self, failure: Failure) -> Outcome:
        """A lock is somebody's wish, not a mishap. What was verified before, and could not be looked at again, is told as well."""
        digest = None if self.progress.verified is None else self.progress.verified.digest
        if failure.code == "locked":
            return self._ended("kept", self.elapsed, digest, "locked", failure)
        return self._ended("failed", self.elapsed, digest, None, failure)

    def _ended(self, name: Name, seconds: float, digest: str | None, reason: str | None, failure: Failure | None) -> Outcome:
        wide = self.progress.wide or Wide()
        return Outcome(
            target=self.work.target,
            outcome=name,
            seconds=seconds,
            digest=digest,
            reason=reason,
            failure=failure,
            removed=tuple(wide.removed),
            untold=wide.untold,
        )

    def may_go_on(self, most: int) -> Generator[Any, Any, bool]:
        """After `most` changes in a row a late retry comes, some times; then it is told that the sides never settle."""
        if self.progress.rounds < most:
            return True
        if self.progress.retries == RETRIES:
            return False
        failure = self.unsettled()
        self.progress.retries, self.progress.rounds = self.progress.retries + 1, 0
        pause = self.run.limits.unknown_import
        self.run.tell_waiting(failure, since=self.run.place.now, pause=pause)
        yield from self.run.sleep(pause)
        return True

    def unsettled(self) -> Failure:
        return Failure(
            kind="transient",
            code="unsettled",
            doing=f"bring {self.work.repository} at {self.work.target} to what the source holds",
            said=f"source and target still differed after {self.progress.rounds} changes in {self.elapsed:.0f} s",
            hint="Something else changes the tag as fast as it is replicated, or a registry answers stale for long: push once more.",
        )
