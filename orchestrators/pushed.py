"""What was pushed, brought to one target: its tag and its digest, which is cheap. Look, decide, act, look again after the settling time."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from orchestrators.bringing import Bringing
from orchestrators.importing import content_missing
from orchestrators.telling import Telling
from replication.conclusions import conclude
from replication.decisions import Bring, Rest, Widen, contradicts_push, next_step
from replication.endings import Ending
from replication.failures import Failure
from replication.outcomes import Outcome
from replication.progress import Doubt
from replication.work import Seen

FIRST_LOOK_AGAIN = 2.0  # seconds, then twice as long each time
Ended = Outcome | Failure | Literal["widen"]


@dataclass(slots=True)
class Pushed:
    """For one run. `recorded`: the step on which it ended has told the figures."""

    telling: Telling
    bringing: Bringing
    waited: float | None  # seconds from the event until the run began
    recorded: bool = False

    def rested(self) -> Generator[Any, Any, Ended]:
        """How it ended; or that the neighbourhood has to be looked at. Raises `StartOver`."""
        while True:
            self.telling.run.start_over_if_long()
            ended = yield from self._round()
            if ended is not None:
                return ended

    def _round(self) -> Generator[Any, Any, Ended | None]:
        """None: look again."""
        seen = yield from self._look()
        if isinstance(seen, Seen):
            seen = yield from self.bringing.claimed(seen)
        if not isinstance(seen, Seen):
            return seen
        step = yield from self._next_step(seen)
        if isinstance(step, Failure):
            return step
        return (yield from (self._bring(step, seen) if isinstance(step, Bring) else self._at_rest(step, seen)))

    def _at_rest(self, step: Widen | Rest, seen: Seen) -> Generator[Any, Any, Ended | None]:
        """Nothing is to be brought. What the source contradicts may have been answered by a stale replica of it."""
        contradicted = contradicts_push(tag=self.telling.work.tag, digest=self.telling.work.digest, source=seen.source)
        pause = self._pause_in_doubt() if contradicted else None
        if pause is not None:
            self._doubt(seen, step)
            yield from self.telling.run.sleep(pause)
            return None
        if isinstance(step, Widen):
            return "widen"
        if not self.telling.run.may_land:
            return self.telling.outcome(*conclude(self.telling.work, seen, brought=self.telling.progress.brought))
        self.telling.run.may_land = False
        yield from self.telling.run.sleep(self.telling.run.limits.unknown_import)
        return None

    def _look(self) -> Generator[Any, Any, Seen | Outcome | Failure]:
        telling = self.telling
        if telling.progress.verified is None:
            telling.run.report("looking", None)
        seen = yield from telling.run.insist("look", {**telling.work.to_json(), **self._expected()})
        if isinstance(seen, Failure):
            return seen
        if "filtered" in seen:
            self.recorded = True
            return telling.outcome("filtered", None, seen["filtered"])
        self.recorded = "recorded" in seen
        return Seen.from_json(seen)

    def _expected(self) -> dict[str, Any]:
        """How the run ends if the look finds all in place."""
        if self.telling.run.may_land:
            return {}
        digest, progress = self.telling.work.digest, self.telling.progress
        brought = progress.brought or progress.importing_of(digest) is not None
        outcome = self.telling.outcome("replicated" if brought else "already_current", digest, None)
        return {"ending": Ending.of(outcome, self.waited).to_json(), "whole": str(digest) in progress.whole}

    def _next_step(self, seen: Seen) -> Generator[Any, Any, Bring | Widen | Rest | Failure]:
        """The decision; and where tags and digests agree, whether an index is there with every child."""
        work, progress = self.telling.work, self.telling.progress
        step = next_step(tag=work.tag, digest=work.digest, source=seen.source, target=seen.target)
        meant = seen.source.tagged if work.tag is not None else work.digest if seen.source.has_digest else None
        if not isinstance(step, Rest) or meant is None:
            return step
        importing = progress.importing_of(meant) is not None  # it has arrived while nobody looked, and is to be told ended
        if not importing and (not seen.index or str(meant) in progress.whole):
            return step
        missing = yield from content_missing(self.telling.run, work.of(meant, None), progress, self.telling.began, index=seen.index)
        if isinstance(missing, Failure):
            return missing
        if missing:
            return Bring(meant, work.tag)
        progress.brought = progress.brought or importing
        progress.keep_whole(meant)
        return step

    def _pause_in_doubt(self) -> float | None:
        """Longer each time; None when the time for doubts is over. It begins anew with each change."""
        progress, recheck = self.telling.progress, self.telling.run.limits.recheck
        doubt = progress.doubted = progress.doubted or Doubt(self.telling.elapsed)
        left = recheck - (self.telling.elapsed - doubt.since)
        if left <= 0:
            return None
        doubt.looks += 1
        return min(FIRST_LOOK_AGAIN * 2.0 ** (doubt.looks - 1), left)

    def _bring(self, step: Bring, seen: Seen) -> Generator[Any, Any, Ended | None]:
        """Then wait for the settling time, within which a late import or another run may undo it; the look after it decides. What cannot be
        brought keeps back nothing else, so everything around is looked at then."""
        work, progress, run = self.telling.work, self.telling.progress, self.telling.run
        if not (yield from self.telling.may_go_on(run.limits.rounds)):
            return self.telling.unsettled()
        mine = step.digest == work.digest
        index = seen.index or step.digest != (work.digest if work.tag is None else seen.source.tagged)
        brought = yield from self.bringing.in_order(step, index=index, held=seen.target.has_digest if mine else None)
        if isinstance(brought, Failure):
            return brought if mine else "widen"
        if brought == "incomplete":
            return "widen"
        if brought == "moved_on":  # nothing was put; the source, or one stale replica of it, said something else a moment ago
            return (yield from self._moved_on())
        progress.rounds += 1
        progress.doubted, progress.brought = None, True
        if brought == "verified":
            progress.keep_whole(step.digest)
            self.telling.verified(("replicated" if mine else "superseded", step.digest, None))
        yield from run.sleep(run.limits.settle)
        return None

    def _moved_on(self) -> Generator[Any, Any, Ended | None]:
        """A long import may outlast the time for doubts."""
        progress = self.telling.progress
        if progress.doubted is None:  # first doubts, or content was imported and they begin anew, which must not go on for ever
            progress.rounds += 1
        pause = self._pause_in_doubt()
        if pause is None:
            return "widen"
        yield from self.telling.run.sleep(pause)
        return None

    def _doubt(self, seen: Seen, step: Widen | Rest) -> None:
        """That a tag has moved on can be told; that what was pushed is nowhere can not, until there is nothing more to wait for."""
        ended = conclude(self.telling.work, seen, brought=self.telling.progress.brought)
        if isinstance(step, Rest) and ended[0] == "superseded":
            self.telling.verified(ended)
        else:
            self.telling.run.report("looking again", None)
