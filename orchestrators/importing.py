"""One artifact's content, brought to a target: ARM copies, we sleep, longer each time. A crash in between resumes the same operation.

The target's data plane is the truth and cheap, so it is asked first, after a second; ARM, no sooner than it said. What ARM calls done
proves nothing until the target answers the digest, and an index with every child."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from orchestrators.run import Run
from replication.failures import Failure
from replication.instances import children_id
from replication.patience import Patience
from replication.progress import Checked, Doubt, Importing, Progress
from replication.work import Work

Content = Literal["there", "gone", "incomplete"]
STEP = "import"  # of all that an import takes: that ARM began it is no proof that it lets it through


@dataclass(frozen=True, slots=True)
class Import:
    """The content of `work`, whose tag is None, into its target. `index`: whether it may be one."""

    run: Run
    work: Work
    index: bool
    began: datetime  # of the run
    progress: Progress

    def content(self, suspects: list[str]) -> Generator[Any, Any, Content | Failure]:
        """`there`: verified. `gone`: the source has it no longer. `incomplete`: the source's own index lacks something. A failed import is
        begun anew as long as there is patience. `suspects`: what an index at the target is known to lack. Raises `StartOver`."""
        now = self._importing()
        if suspects and not now.under_way and (known := (yield from self._at_source(suspects))) != "there":
            return known
        while True:
            failure = yield from self._one_try(now)
            if failure is None:
                self.progress.importing = None
                self.run.place.passed(STEP)
                return "there"
            now.under_way = False
            known = yield from self._at_source([])
            if known != "there":
                return known
            if failure.kind == "not_found":  # so one replica of the source said, which it has contradicted now
                failure = replace(failure, kind="transient")
            if failure is self.run.given_up or not (yield from self.run.wait_out(STEP, failure)):
                return failure

    def _importing(self) -> Importing:
        """That which was under way when the run started over, or a new one."""
        digest = str(self.work.digest)
        if self.progress.importing is None or self.progress.importing.digest != digest:
            self.progress.importing = Importing(digest)
            self.run.place.waits.forget(STEP)  # of another digest
        return self.progress.importing

    def _at_source(self, suspects: list[str]) -> Generator[Any, Any, Content | Failure]:
        """What the source has of it; `there` is all."""
        page, pages = 0, 1
        while page < pages:
            found = yield from self.run.insist("examine_source", {**self.work.to_json(), "suspects": suspects, "page": page})
            if isinstance(found, Failure):
                return found
            if found["gone"] or found["lacks"]:
                break
            page, pages = page + 1, found.get("pages", 1)
        else:
            return "there"
        self.progress.importing = None
        if found["gone"]:
            return "gone"
        self.progress.incomplete.setdefault(str(self.work.digest), Doubt(self._elapsed)).suspects = found["lacks"]
        return "incomplete"

    def _one_try(self, now: Importing) -> Generator[Any, Any, Failure | None]:
        """As a whole; by its parts, where ARM does not take it, which the app can count or ARM tell: what counts, nobody knows."""
        failure = None if now.by_parts else (yield from self._one_import(now))
        if self.index and failure is not None and failure.code == "too_many_manifests":
            now.by_parts = True
        return (yield from self._one_by_one()) if now.by_parts else failure

    def _one_import(self, now: Importing) -> Generator[Any, Any, Failure | None]:
        """None: verified at the target, or to be brought by its parts."""
        if not now.under_way:
            refused = yield from self._begin(now)
            if refused is not None or not now.under_way:
                return refused
        run = self.run
        run.report("importing", None)
        while True:
            if now.ended is None or now.looked_at_end:
                yield from run.sleep_for_import(self._elapsed - now.started)
            now.looked_at_end = now.ended is not None
            missing = yield from content_missing(run, self.work, self.progress, self.began, index=self.index)
            if isinstance(missing, Failure):
                return missing
            if not missing:
                return None
            failure = yield from self._go_on(now, missing)
            if failure is not None:
                return failure
            run.start_over_if_long()

    def _go_on(self, now: Importing, missing: list[str]) -> Generator[Any, Any, Failure | None]:
        """Of an import that has not arrived: how it ended badly."""
        limits = self.run.limits
        if now.ended is not None:
            return self._never_arrived(missing) if self._elapsed - now.ended >= limits.settle else None
        if self._elapsed - now.started >= limits.import_deadline:
            return Failure.from_json(now.trouble) if now.trouble is not None else self._unfinished(now)
        if now.unknown is not None and self._elapsed - now.unknown >= limits.unknown_import:
            return (yield from self._begin(now))
        if now.operation is not None and now.ask_after is not None and self._elapsed - now.asked >= now.ask_after:
            return (yield from self._ask(now))
        return None

    def _begin(self, now: Importing) -> Generator[Any, Any, Failure | None]:
        """Leaves it under way, or to be brought by its parts. `started` stays as long as nobody knows whether ARM has begun, however often
        it was asked to, so that this does not go on for ever."""
        self.run.report("importing", None)
        given = {**self.work.to_json(), "index": self.index, "run": self.run.context.instance_id, "at": self.run.now.isoformat()}
        if now.unknown is not None:
            given["instead_of"], self.run.may_land = now.generation, True
        state = yield from self.run.insist("start_import", given)
        if isinstance(state, Failure):
            return state
        if state["state"] == "too_large":
            now.by_parts = True
            return None
        if state["state"] == "failed":
            return Failure.from_json(state["cause"])
        if not (now.under_way and state["state"] == "unknown"):
            now.started = self._elapsed
        now.under_way, now.asked = True, self._elapsed
        now.unanswered, now.trouble, now.looked_at_end = 0, None, False
        now.operation, now.ask_after, now.generation = state.get("operation"), state.get("retry_after", 0.0), state["generation"]
        now.unknown = -self._before(state["since"]) if state["state"] == "unknown" else None
        now.ended = self._elapsed if state["state"] == "ended" else None
        return None

    def _before(self, moment: str) -> float:
        """Seconds from that moment until the run began."""
        return (self.began - datetime.fromisoformat(moment)).total_seconds()

    def _one_by_one(self) -> Generator[Any, Any, Failure | None]:
        """What ARM does not take in one import: each manifest for itself, by an orchestration of its own, then the index's own bytes."""
        self.run.report("importing its manifests one by one", None)
        given = {"work": self.work.to_json(), "limits": self.run.limits.to_json(), "page": 0}
        instance = children_id(self.run.context.instance_id, self.work.digest)
        brought = yield from self.run.child("import_children", given, instance)
        if brought["failure"] is not None:
            return Failure.from_json(brought["failure"])
        put = yield from self.run.insist("put_index", self.work.to_json())
        if isinstance(put, Failure):
            return put
        missing = yield from content_missing(self.run, self.work, self.progress, self.began)
        return missing if isinstance(missing, Failure) else self._never_arrived(missing) if missing else None

    def _ask(self, now: Importing) -> Generator[Any, Any, Failure | None]:
        """How it ended badly. That ARM does not tell ends nothing, since the target can be asked."""
        now.asked = self._elapsed
        answer = yield from self.run.call("check_import", {**self.work.to_json(), "operation": now.operation, "generation": now.generation})
        if "failure" in answer:
            trouble, now.unanswered = Failure.from_json(answer["failure"]), now.unanswered + 1
            now.troubled = self._elapsed if now.unanswered == 1 else now.troubled
            self.run.report("importing", trouble)
            now.trouble = trouble.to_json()
            now.ask_after = Patience(self.run.limits.patience).pause(trouble, now.unanswered, self._elapsed - now.troubled)
            return None
        now.unanswered, now.trouble = 0, None
        if answer["state"] == "failed":
            return Failure.from_json(answer["cause"])
        now.operation, now.ask_after = answer.get("operation"), float(answer.get("retry_after", 0))
        now.ended = self._elapsed if answer["state"] == "ended" else None
        return None

    def _never_arrived(self, missing: list[str]) -> Failure:
        said = f"ARM calls the import done, and the target still lacks {', '.join(missing)}"
        hint = "It is started again by itself; if it lasts, look at the registry's health and at its retention policy."
        return Failure(kind="transient", code="import_failed", doing=self._doing, said=said, hint=hint)

    def _unfinished(self, now: Importing) -> Failure:
        within = f"within {self.run.limits.import_deadline:.0f} seconds"
        if now.unknown is None:
            said, hint = f"ARM has not ended it {within}", "The copy goes on in ARM: when it has arrived, push the tag again."
        else:
            said = f"however often ARM was asked, no answer told whether it began, and nothing has arrived {within}"
            hint = "Look at ARM's service health, and at the network between the app and it; then push the tag again."
        return Failure(kind="conflict", code="import_unfinished", doing=self._doing, said=said, hint=hint)

    @property
    def _doing(self) -> str:
        return f"import {self.work.repository}@{self.work.digest.short}… into {self.work.target}"

    @property
    def _elapsed(self) -> float:
        return self.run.since(self.began)


def content_missing(
    run: Run, work: Work, progress: Progress, began: datetime, *, index: bool = True
) -> Generator[Any, Any, Failure | list[str]]:
    """Which manifests of the artifact the target lacks, those of the first page that lacks any; `work` names no tag. `index`: whether it
    may be one; what the source told to be none lists nothing to be read. Where nothing is missing, an import of it has ended, and the step
    tells so, whether or not this run still waited for it. Raises `StartOver`, and goes on with the page after those that were seen."""
    importing, given = progress.importing_of(work.digest), {**work.to_json(), "index": index}
    if importing is not None and importing.generation is not None:
        given |= {"generation": importing.generation, "seconds": run.since(began) - importing.started}
    if progress.checked is None or progress.checked.digest != str(work.digest):
        progress.checked = Checked(str(work.digest), 0)
    seen, pages, missing = progress.checked, progress.checked.pages + 1, list[str]()
    while not missing and seen.pages < pages:
        checked = yield from run.insist("verify_digest", {**given, "page": seen.pages})
        if isinstance(checked, Failure):
            return checked
        missing, pages, seen.pages = checked["missing"], checked.get("pages", 1), seen.pages + 1
    progress.checked = None
    if importing is not None and not missing:
        progress.importing = None
    return missing
