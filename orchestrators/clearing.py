"""A digest's whole neighbourhood at one target, brought to what the source holds: whatever removes goes this way (DESIGN, rules 1 and 8).

Look around, take a step of each kind, look around again, at once and after the settling time; the end is a whole look that finds nothing
to do. What cannot be brought keeps back nothing but the manifest whose tag waits for it."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrators.bringing import Bringing
from orchestrators.telling import Telling
from replication.conclusions import Ended
from replication.decisions import Bring
from replication.failures import Failure
from replication.neighbourhood import Neighbourhood, Remove, Step, Untag
from replication.progress import MOST_TOLD, Wide
from replication.references import Digest

FIRST_LOOK_AGAIN = 2.0  # seconds, where the source has just changed its mind


@dataclass(frozen=True, slots=True)
class Clearing:
    """For one run. Its generators raise `StartOver`. `conclude`: what such a run is called when it has nothing left to do. `extras`: no
    event told that anything was deleted, so it depends on the target's settings whether what the source lacks goes."""

    telling: Telling
    bringing: Bringing
    wide: Wide
    conclude: Callable[[Neighbourhood], Ended]
    extras: bool = False

    def rested(self) -> Generator[Any, Any, Neighbourhood | Failure | str]:
        """The neighbourhood when there is nothing left to do; or why it is out of the target's scope, or the failure that outlasted
        patience."""
        run, wide = self.telling.run, self.wide
        while True:
            run.start_over_if_long()
            awaited = yield from self._imports_ended()
            if awaited is not None:
                return awaited
            around = yield from self._look_around()
            if not isinstance(around, Neighbourhood):
                return around
            if steps := around.next_steps(wide.stuck, wide.left, self._named):
                trouble = yield from self._take(steps)
            elif wide.unsettled:
                wide.unsettled = False
                self.telling.verified(self.conclude(around))
                trouble = yield from run.sleep(run.limits.settle)
            elif wide.stuck or wide.trouble or wide.lock:
                trouble = yield from self._wait_for_what_is_stuck()
            elif self.telling.progress.incomplete:
                trouble = yield from self._complete()
            elif run.may_land:
                run.may_land = False
                run.report("looking again", None)
                trouble = yield from run.sleep(run.limits.unknown_import)
            else:
                return around
            if trouble is not None:
                return trouble

    @property
    def _named(self) -> set[str] | None:
        """Of a push: what its event named."""
        work = self.telling.work
        return None if work.removing else {str(work.digest), str(work.tag)}

    def _imports_ended(self) -> Generator[Any, Any, Failure | None]:
        """Those that are open into the repository when the run begins; what they brought is visible everywhere after the settling time."""
        run, wide, work = self.telling.run, self.wide, self.telling.work
        given = {"target": work.target, "repository": str(work.repository), "patience": run.limits.unknown_import}
        while wide.awaited != []:
            run.start_over_if_long()
            asked = {} if wide.awaited is None else {"generations": wide.awaited}
            found = yield from run.insist("open_imports", {**given, **asked, "at": run.now.isoformat()})
            if isinstance(found, Failure):
                return found
            wide.awaited, began = found["generations"], wide.awaits
            if not wide.awaited:
                if began is not None:
                    yield from run.sleep(run.limits.settle)
                return None
            wide.awaits = self.telling.elapsed if began is None else began
            if self.telling.elapsed - wide.awaits >= run.limits.import_deadline:
                wide.awaited, run.may_land = [], True
                return None
            run.report("waiting for the imports that are open into the repository", None)
            yield from run.sleep_for_import(self.telling.elapsed - wide.awaits, at_least=found["retry_after"])
        return None

    def _look_around(self) -> Generator[Any, Any, Neighbourhood | Failure | str]:
        run, wide, work = self.telling.run, self.wide, self.telling.work
        if self.telling.progress.verified is None:
            run.report("looking around", None)
        given = {"target": work.target, "repository": str(work.repository), "digests": wide.digests, "tags": wide.tags}
        found = yield from run.insist("look_around", {**given, "extras": self.extras})
        if isinstance(found, Failure):
            return found
        if "filtered" in found:
            return str(found["filtered"])
        around = Neighbourhood.from_json(found)
        wide.remember(around)
        return around

    def _take(self, steps: Sequence[Step]) -> Generator[Any, Any, Failure | None]:
        """A push that finds something to remove waits the delete delay first, since a look at once proves nothing."""
        run, wide, progress = self.telling.run, self.wide, self.telling.progress
        if not wide.waited and any(not isinstance(step, Bring) for step in steps):
            wide.waited = True
            run.report("waiting before anything is removed", None)
            yield from run.sleep(run.limits.delete_delay)
            return None
        if not wide.under_way:
            if not (yield from self.telling.may_go_on(2 * run.limits.rounds)):
                return self.telling.unsettled()
            wide.under_way, progress.rounds = True, progress.rounds + 1
        for step in steps:
            run.start_over_if_long()
            if not (yield from (self._bring(step) if isinstance(step, Bring) else self._remove(step))):
                break
        wide.under_way = False
        if not wide.unsettled:  # it only waits for the source, which is no change
            progress.rounds -= 1
        return None

    def _bring(self, step: Bring) -> Generator[Any, Any, bool]:
        """True: on to the next step. False: look around anew."""
        wide = self.wide
        brought = yield from self.bringing.in_order(step, index=True, held=None if step.tag is not None else False)
        if isinstance(brought, Failure):
            wide.fail(brought)
        if isinstance(brought, Failure) or brought == "incomplete":
            wide.stuck.append(str(step.tag or step.digest))
            return True
        wide.unsettled = True
        if brought == "moved_on":
            yield from self.telling.run.sleep(FIRST_LOOK_AGAIN * 2.0 ** min(self.telling.progress.rounds, 5))
            return False
        self.telling.progress.brought = True
        return True

    def _complete(self) -> Generator[Any, Any, Failure | None]:
        """Indexes that lacked something at the source may be at the target already, and lack it there as well."""
        for digest in list(self.telling.progress.incomplete):
            brought = yield from self.bringing.in_order(Bring(Digest.parse(digest), None), index=True, held=None)
            if isinstance(brought, Failure):
                return brought
            self.wide.unsettled = self.wide.unsettled or brought in ("verified", "unverified")
        return (yield from self.bringing.wait_for_source()) if self.telling.progress.incomplete else None

    def _remove(self, step: Untag | Remove) -> Generator[Any, Any, bool]:
        """As `_bring`. Once: after a pause for a refusal what it rests on is looked at again."""
        run, wide, work = self.telling.run, self.wide, self.telling.work
        run.report("deleting", None)
        tag = step.tag if isinstance(step, Untag) else None
        name, given, removed = "delete_artifact" if tag is None else "remove_tag", work.of(step.digest, tag).to_json(), _told(step)
        wide.tell(removed)
        answer = yield from (run.call("delete_artifact", given) if tag is None else run.call("remove_tag", given))
        if "failure" not in answer:
            run.place.passed(name)
            wide.unsettled = True
            if answer["state"] == "came_back":
                wide.take_back(removed)
            return True
        failure = Failure.from_json(answer["failure"])
        if failure.kind != "transient":  # else it may have gone all the same
            wide.take_back(removed)
        if failure.code != "locked" and (yield from run.wait_out(name, failure)):
            return False
        wide.fail(failure)
        wide.left.append(str(step.digest if tag is None else tag))
        return True

    def _wait_for_what_is_stuck(self) -> Generator[Any, Any, Failure | None]:
        """All else is done. What failed for good fails the run; what the source lacks may be pushed there yet. A lock alone is told by
        whoever concludes, unless it keeps a tag from being moved."""
        wide = self.wide
        stuck, lock, wide.lock = bool(wide.stuck), wide.lock, None
        wide.stuck.clear()
        if wide.trouble is not None:
            return Failure.from_json(wide.trouble)
        if stuck and lock is not None:
            return Failure.from_json(lock)
        return (yield from self.bringing.wait_for_source()) if self.telling.progress.incomplete else None


def _told(step: Untag | Remove) -> dict[str, Any]:
    """What goes; of many names the first."""
    if isinstance(step, Untag):
        return {"tag": str(step.tag), "digest": str(step.digest)}
    tags, others = [str(tag) for tag in step.tags[:MOST_TOLD]], [str(one) for one in step.takes[:MOST_TOLD]]
    return {"digest": str(step.digest), "tags": tags, "with": others}
