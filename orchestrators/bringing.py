"""What the source has and a target lacks, brought in order: content first, the tag last; and the two cases in which to wait instead."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from orchestrators.importing import Import, content_missing
from orchestrators.run import Run
from replication.decisions import Bring
from replication.failures import Failure
from replication.progress import Progress
from replication.references import Digest
from replication.work import Seen, Work

FIRST_WAIT = 10.0  # seconds, for an index that brings what was pushed by digest; then twice as long each time
FIRST_WAIT_FOR_SOURCE = 30.0  # seconds, for what the source's own index lacks; then twice as long each time
LONGEST_WAIT = 600.0

Brought = Literal["verified", "unverified", "moved_on", "incomplete"]


@dataclass(frozen=True, slots=True)
class Bringing:
    """For one run, which began at `began`."""

    run: Run
    work: Work
    began: datetime
    progress: Progress

    def claimed(self, seen: Seen) -> Generator[Any, Any, Seen | Failure]:
        """As the look found it. What was pushed by its digest alone may be brought by an index that lists it, which spares an import for
        each platform, so that is waited for; after the wait it is brought for its own sake."""
        run = self.run
        pause = min(FIRST_WAIT, run.limits.untagged_wait / 8)
        while seen.unclaimed and (left := run.limits.untagged_wait - self._elapsed) > 0:
            run.report("waiting for an index that lists it", None)
            yield from run.sleep(min(pause, left))
            pause *= 2
            missing = yield from content_missing(run, self.work, self.progress, self.began)
            if isinstance(missing, Failure):
                return missing
            if not missing:
                self.progress.keep_whole(self.work.digest)
                return replace(seen, target=replace(seen.target, has_digest=True), unclaimed=False)
        return seen

    def in_order(self, step: Bring, *, index: bool, held: bool | None) -> Generator[Any, Any, Brought | Failure]:
        """Content first; the tag last, when the content is verified. `index`: whether it may be one, which is more than its own manifest.
        `held`: whether the target holds that manifest; None: not known. Raises `StartOver`."""
        content = yield from self._content(step.digest, index=index, held=held)
        if content == "gone":
            return "moved_on"
        if content != "there" or step.tag is None:
            return "verified" if content == "there" else content
        self.run.report("moving the tag", None)
        tagged = self.work.of(step.digest, step.tag).to_json()
        moved = yield from self.run.insist("move_tag", tagged)
        if isinstance(moved, Failure):
            return moved
        if moved["state"] == "moved_on":
            return "moved_on"
        self.progress.brought = True  # at once: a wait for the look below may start the run over
        checked = yield from self.run.insist("verify_digest", tagged)
        return checked if isinstance(checked, Failure) else "verified" if checked["verified"] else "unverified"

    def _content(
        self, digest: Digest, *, index: bool, held: bool | None
    ) -> Generator[Any, Any, Literal["there", "gone", "incomplete"] | Failure]:
        content = self.work.of(digest, None)
        missing = [str(digest)] if held is False else []
        if held is None or (held and (index or self.progress.importing_of(digest) is not None)):
            self.run.report("verifying", None)
            checked = yield from content_missing(self.run, content, self.progress, self.began, index=index)
            if isinstance(checked, Failure):
                return checked
            missing = checked
        doubt = self.progress.incomplete.get(str(digest))
        if not missing:
            self.progress.incomplete.pop(str(digest), None)
            return "there"
        suspects = doubt.suspects if doubt is not None else [one for one in missing if one != str(digest)]
        arrived = yield from Import(self.run, content, index, self.began, self.progress).content(suspects)
        if arrived != "incomplete":
            self.progress.incomplete.pop(str(digest), None)
        if arrived == "there":
            self.progress.doubted = None
        return arrived

    def wait_for_source(self) -> Generator[Any, Any, Failure | None]:
        """The source's own indexes lack something: it may be pushed yet, or deleted and pushed again. No import meanwhile."""
        doubts = self.progress.incomplete
        first, doubt = min(doubts.items(), key=lambda item: item[1].since)
        failure = Failure(
            kind="not_found",
            code="source_incomplete",
            doing=f"bring {self.work.repository}@{Digest.parse(first).short}… to {self.work.target}",
            said=f"the source's own index lists what the source does not hold: {', '.join(doubt.suspects)}",
            hint="Push the missing platform, or the whole index, to the source again; until then no cloud can pull it.",
        )
        left = self.run.limits.patience - (self._elapsed - doubt.since)
        if left <= 0:
            return failure
        for one in doubts.values():
            one.looks += 1
        looks = min(one.looks for one in doubts.values())
        pause = min(FIRST_WAIT_FOR_SOURCE * 2.0 ** (looks - 1), LONGEST_WAIT, left)
        self.run.tell_waiting(failure, since=self.began.timestamp() + doubt.since, pause=pause)
        yield from self.run.sleep(pause)
        return None

    @property
    def _elapsed(self) -> float:
        return self.run.since(self.began)
