"""One import: ARM copies, we sleep, longer each time. A crash in between resumes the same operation.

The target's data plane is the truth and cheap, so it is asked first, after a second; ARM, no sooner than it said. What ARM calls done
proves nothing until the target answers the digest, and an index with every child."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from orchestrators.run import Run
from replication.failures import Failure
from replication.patience import Patience
from replication.work import Work

FIRST_PAUSE = 1.0  # seconds
GROWTH = 3  # a pause is a third of what was waited: two hours are 35 looks, and the history stays below 500 events
LONGEST_PAUSE = 600.0


def bring_content(run: Run, work: Work) -> Generator[Any, Any, Failure | None]:
    """None: verified at the target. A failed import is begun anew as long as there is patience."""
    patience, began, tries = Patience(run.limits.patience), run.now, 0
    while True:
        failure = yield from one_import(run, work)
        tries += 1
        if failure is None or not (yield from run.wait_out(failure, patience, tries, began)):
            return failure


def one_import(run: Run, work: Work) -> Generator[Any, Any, Failure | None]:
    run.report("importing", None)
    state = yield from run.insist("start_import", work.to_json())
    began = asked = run.now
    ended = None
    while True:
        if isinstance(state, Failure):
            return state
        if state["state"] == "failed":
            return Failure.from_json(state["cause"])
        if state["state"] == "ended" and ended is None:
            ended = run.now
        else:
            yield from run.sleep(min(max(FIRST_PAUSE, run.since(began) / GROWTH), LONGEST_PAUSE))
        missing = yield from content_missing(run, work)
        if isinstance(missing, Failure):
            return missing
        if not missing:
            return None
        if ended is not None and run.since(ended) >= run.limits.settle:
            return _never_arrived(work, missing)
        if ended is None and run.since(began) >= run.limits.import_deadline:
            return _unfinished(work, run.limits.import_deadline)
        if ended is None and state["operation"] is not None and run.since(asked) >= state["retry_after"]:
            asked = run.now
            run.report("importing", None)
            state = yield from run.insist("check_import", {"work": work.to_json(), "operation": state["operation"]})


def content_missing(run: Run, work: Work) -> Generator[Any, Any, Failure | list[str]]:
    """Which manifests of the artifact the target lacks, its tag aside."""
    checked = yield from run.insist("verify_digest", replace(work, tag=None).to_json())
    return checked if isinstance(checked, Failure) else checked["missing"]


def _never_arrived(work: Work, missing: list[str]) -> Failure:
    return Failure(
        kind="transient",
        code="import_failed",
        doing=f"import {work.repository}@{work.digest.short}… into {work.target}",
        said=f"ARM calls the import done, and the target still lacks {', '.join(missing)}",
        hint="It is started again by itself; if it lasts, look at the registry's health and at its retention policy.",
    )


def _unfinished(work: Work, deadline: float) -> Failure:
    return Failure(
        kind="conflict",
        code="import_unfinished",
        doing=f"import {work.repository}@{work.digest.short}… into {work.target}",
        said=f"ARM has not ended it within {deadline:.0f} seconds",
        hint="The copy goes on in ARM; push the image again later, or raise ReplicationImportDeadline.",
    )
