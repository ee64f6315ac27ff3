"""What an index lists, brought to a target manifest by manifest: for an index that is too large for one import.

Page by page; each page is looked at first, so what is there costs one question, and a run that begins anew goes on where it was."""

from collections.abc import Generator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import Run, StartOver, input_of
from orchestrators.waiting import Place
from replication.failures import Failure
from replication.limits import Limits
from replication.waiting import Waits
from replication.work import Work

AT_ONCE = 8  # imports that are started together


@bp.orchestration_trigger(context_name="context")
def import_children(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{work, limits, page, pages?, began?, started?, waits?}` -> `{failure}`, null when all but the index itself is at the
    target. Custom status: `{state, failure, waiting}`."""
    given = input_of(context)
    children = Children(context, given)
    try:
        failure = yield from children.steps()
    except StartOver:
        context.continue_as_new({**given, **children.progress()})
        return {}
    return {"failure": None if failure is None else failure.to_json()}


@dataclass(slots=True)
class Started:
    """An import; times are seconds since its page was begun. `unknown`: it may have been started, and where it stands is not known.
    `arrived`: the target has answered its content, which a stale replica may take back."""

    generation: str
    unknown: bool
    operation: str | None
    ask_after: float
    since: float
    asked: float
    ended: float | None
    arrived: bool = False


class Children:
    """One page at a time: `began` at that moment, with the imports that were `started`, by position."""

    def __init__(self, context: df.DurableOrchestrationContext, given: dict[str, Any]) -> None:
        work = Work.from_json(given["work"])
        self._context = context
        limits, self._waits = Limits.from_json(given["limits"]), Waits.from_json(given["waits"]) if "waits" in given else Waits()
        self._run = Run(context, limits, self._report, Place(context, "", limits, self._waits))
        self._work = work.to_json()
        self._named = f"import what {work.repository}@{work.digest.short}… lists into {work.target}"
        self._page, self._pages = given["page"], given.get("pages")
        self._began = datetime.fromisoformat(given["began"]) if "began" in given else self._run.now
        self._started = {int(place): Started(**one) for place, one in given.get("started", {}).items()}

    def progress(self) -> dict[str, Any]:
        started = {str(place): asdict(one) for place, one in self._started.items()}
        where = {"page": self._page, "pages": self._pages, "began": self._began.isoformat()}
        return {**where, "started": started, "waits": self._waits.to_json()}

    def steps(self) -> Generator[Any, Any, Failure | None]:
        """What fails is told, and the caller asks the source why; what is only refused is waited out before."""
        while self._pages is None or self._page < self._pages:
            self._report(f"importing page {self._page + 1} of {self._pages}" if self._pages else "importing", None)
            failure = yield from self._bring_page()
            if failure is not None:
                return failure
            self._page, self._started, self._began = self._page + 1, {}, self._run.now
            self._run.start_over_if_long()
        return None

    def _bring_page(self) -> Generator[Any, Any, Failure | None]:
        asked = 0
        while True:
            given = {**self._work, "page": self._page, "imports": self._under_way()}
            seen = yield from self._run.insist("look_at_children", given)
            if isinstance(seen, Failure):
                return seen
            self._pages = seen["pages"]
            for place, started in self._started.items():
                if place not in seen["images"]:
                    started.arrived, started.operation = True, None  # which is long, and would travel with each new generation
            if not seen["images"]:
                return (yield from self._put(seen["indexes"]))
            failure = yield from self._begin([place for place in seen["images"] if not self._may_come(place)])
            if failure is None:
                if self._waited >= self._run.limits.import_deadline:
                    return self._unfinished(len(seen["images"]))
                yield from self._run.sleep_for_import(self._waited)
                failure = yield from self._ask(seen["images"][asked % len(seen["images"])])
                asked += 1
            if failure is not None:
                return failure
            self._run.start_over_if_long()

    def _under_way(self) -> dict[str, Any]:
        """Those that have not been seen to arrive, by position."""
        waiting = {place: started for place, started in self._started.items() if not started.arrived}
        return {str(place): {"generation": one.generation, "seconds": self._waited - one.since} for place, one in waiting.items()}

    def _may_come(self, place: int) -> bool:
        """Its import is under way, or has ended so lately that a registry may not answer it yet."""
        started, limits = self._started.get(place), self._run.limits
        if started is None or started.ended is not None:
            return started is not None and self._waited - (started.ended or 0) < limits.settle
        return not started.unknown or self._waited - started.asked < limits.unknown_import

    def _begin(self, places: list[int]) -> Generator[Any, Any, Failure | None]:
        while places:
            batch, failure, cause = places[:AT_ONCE], None, None
            answers = yield from self._run.call_all("start_import", [self._given(place) for place in batch])
            for place, answer in zip(batch, answers, strict=True):
                if "failure" in answer:
                    failure = Failure.from_json(answer["failure"])
                elif "cause" in answer:
                    cause = Failure.from_json(answer["cause"])
                else:
                    self._started[place] = self._told(answer)
                    places.remove(place)
            if cause is not None:
                return cause
            if failure is None:
                self._run.place.passed("start_import")
            elif not (yield from self._run.wait_out("start_import", failure)):
                return failure
            self._run.start_over_if_long()
        return None

    def _given(self, place: int) -> dict[str, Any]:
        given = {**self._work, "child": place, "run": self._context.instance_id, "at": self._run.now.isoformat()}
        started = self._started.get(place)
        return given | {"instead_of": started.generation} if started is not None and started.unknown else given

    def _told(self, answer: dict[str, Any]) -> Started:
        return Started(
            generation=answer["generation"],
            unknown=answer["state"] == "unknown",
            operation=answer.get("operation"),
            ask_after=answer.get("retry_after", 0),
            since=self._waited,
            asked=self._waited,
            ended=self._waited if answer["state"] == "ended" else None,
        )

    def _ask(self, place: int) -> Generator[Any, Any, Failure | None]:
        """How an import that has not arrived stands, no sooner than ARM said. That ARM does not tell ends nothing."""
        started = self._started[place]
        if started.operation is None or started.ended is not None or self._waited - started.asked < started.ask_after:
            return None
        started.asked = self._waited
        given = {**self._work, "operation": started.operation, "child": place, "generation": started.generation}
        answer = yield from self._run.call("check_import", given)
        if answer.get("cause") is not None:
            return Failure.from_json(answer["cause"])
        started.operation, started.ask_after = answer.get("operation", started.operation), answer.get("retry_after", started.ask_after)
        started.ended = self._waited if answer.get("state") == "ended" else None
        return None

    @property
    def _waited(self) -> float:
        return self._run.since(self._began)

    def _put(self, places: list[int]) -> Generator[Any, Any, Failure | None]:
        for place in places:
            put = yield from self._run.insist("put_index", {**self._work, "child": place})
            if isinstance(put, Failure):
                return put
        return None

    def _unfinished(self, missing: int) -> Failure:
        said = f"{missing} manifests of one page have not arrived within {self._run.limits.import_deadline:.0f} seconds"
        hint = "The copies go on in ARM: when they have arrived, push the tag again."
        return Failure(kind="conflict", code="import_unfinished", doing=self._named, said=said, hint=hint)

    def _report(self, state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        self._context.set_custom_status({"state": state, "failure": None if failure is None else failure.to_json(), "waiting": waiting})
