"""One import: ARM copies, we sleep, longer each time. A crash in between resumes the same operation.

The target's data plane is the truth and cheap, so it is asked first, after a second; ARM, no sooner than it said. What ARM calls done
proves nothing until the target answers the digest, and an index with every child."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestrators.run import Run
from replication.failures import Failure
from replication.patience import Patience
from replication.work import Work

FIRST_PAUSE = 1.0  # seconds
GROWTH = 3  # a pause is a third of what was waited: two hours are 35 looks
LONGEST_PAUSE = 600.0


def bring_content(run: Run, work: Work) -> Generator[Any, Any, Failure | None]:
    """None: verified at the target. A failed import is begun anew as long as there is patience; its looks come no more often for that."""
    patience, began, tries = Patience(run.limits.patience), run.now, 0
    while True:
        failure = yield from Import(run, work, began).steps()
        tries += 1
        if failure is None or not (yield from run.wait_out(failure, patience, tries, began)):
            return failure


class Import:
    """One import. `trouble`: why ARM last did not tell how it stands, which ends nothing, since the target can be asked."""

    def __init__(self, run: Run, work: Work, began: datetime) -> None:
        self._run = run
        self._work = work
        self._began = began
        self._patience = Patience(run.limits.patience)
        self._trouble: Failure | None = None
        self._tries = 0

    def steps(self) -> Generator[Any, Any, Failure | None]:
        run = self._run
        run.report("importing", None)
        state = yield from run.insist("start_import", self._work.to_json())
        if isinstance(state, Failure):
            return state
        started = asked = run.now
        ended, ask_after = None, state.get("retry_after", 0.0)
        while True:
            if state["state"] == "failed":
                return Failure.from_json(state["cause"])
            if state["state"] == "ended" and ended is None:
                ended = run.now
            else:
                yield from run.sleep(min(max(FIRST_PAUSE, run.since(self._began) / GROWTH), LONGEST_PAUSE))
            missing = yield from content_missing(run, self._work)
            if isinstance(missing, Failure):
                return missing
            if not missing:
                return None
            if ended is not None:
                if run.since(ended) >= run.limits.settle:
                    return self._never_arrived(missing)
            elif run.since(started) >= run.limits.import_deadline:
                return self._trouble or self._unfinished()
            elif state["operation"] is not None and ask_after is not None and run.since(asked) >= ask_after:
                asked = run.now
                answer: dict[str, Any] = yield run.context.call_activity(
                    "check_import", {"work": self._work.to_json(), "operation": state["operation"]}
                )
                ask_after = self._told(answer)
                state = state if self._trouble else answer

    def _told(self, answer: dict[str, Any]) -> float | None:
        """Seconds until ARM may be asked again; None: not any more."""
        if "failure" not in answer:
            self._trouble, self._tries = None, 0
            return float(answer.get("retry_after", 0))
        self._trouble, self._tries = Failure.from_json(answer["failure"]), self._tries + 1
        self._run.report("importing", self._trouble)
        return self._patience.pause(self._trouble, self._tries, self._run.since(self._began))

    def _never_arrived(self, missing: list[str]) -> Failure:
        said = f"ARM calls the import done, and the target still lacks {', '.join(missing)}"
        hint = "It is started again by itself; if it lasts, look at the registry's health and at its retention policy."
        return Failure(kind="transient", code="import_failed", doing=self._doing, said=said, hint=hint)

    def _unfinished(self) -> Failure:
        said = f"ARM has not ended it within {self._run.limits.import_deadline:.0f} seconds"
        hint = "The copy goes on in ARM: when it has arrived, push the tag again."
        return Failure(kind="conflict", code="import_unfinished", doing=self._doing, said=said, hint=hint)

    @property
    def _doing(self) -> str:
        return f"import {self._work.repository}@{self._work.digest.short}… into {self._work.target}"


def content_missing(run: Run, work: Work) -> Generator[Any, Any, Failure | list[str]]:
    """Which manifests of the artifact the target lacks, its tag aside."""
    checked = yield from run.insist("verify_digest", replace(work, tag=None).to_json())
    return checked if isinstance(checked, Failure) else checked["missing"]
