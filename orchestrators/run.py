"""What the orchestrations have in common: patience with refusals, the clock, a status that a person can read, and a history that stays
short.

A custom status cannot be cleared and must stay below 16 KB; times are whole and from replay, so they come out the same each time."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any, Protocol

import azure.durable_functions as df

from orchestrators.waiting import Place, as_time
from replication.failures import Failure
from replication.limits import Limits
from replication.patience import is_of_a_place, of_a_run
from replication.waiting import Waits

Steps = Generator[Any, Any, Any]
FIRST_PAUSE = 1.0  # seconds, until what was started is looked for
GROWTH = 20  # then a twentieth of what was waited, which is the most that an import is late by
LONGEST_PAUSE = 600.0
WRITES = {"move_tag", "put_index", "remove_tag", "delete_artifact"}
EACH = 4  # events that a timer or a call leaves, where nothing else happens at that moment
LONG = 200  # events; what comes between two looks at their number stays far below 300 more


def input_of(context: df.DurableOrchestrationContext) -> dict[str, Any]:
    """Inputs are objects."""
    given = context.get_input()
    assert isinstance(given, dict)
    return given


class Report(Protocol):
    def __call__(self, state: str, failure: Failure | None, waiting: dict[str, str] | None = None) -> None:
        """`waiting`: `{reason, since, next_try}`, a failure's code and two times."""


class StartOver(Exception):
    """Raised where a run can go on from what it knows, once its history is long: whoever catches it continues as new."""


class Run:
    """`report` is told what is being done now, in a word or two, and what it waits for. `place`: where it waits with others; None: nowhere,
    since it tells its caller, who does. `may_land`: something that was started may take effect long after, since nobody knows how it ended
    (DESIGN, rule 9). `given_up`: the latest failure that is not waited for any longer."""

    def __init__(self, context: df.DurableOrchestrationContext, limits: Limits, report: Report, place: Place | None = None) -> None:
        self.context = context
        self.limits = limits
        self.report = report
        self.may_land = False
        self.place = place or Place(context, "", limits, Waits())
        self.given_up: Failure | None = None
        self._events = 0

    @property
    def now(self) -> datetime:
        now: datetime = self.context.current_utc_datetime
        return now

    def since(self, moment: datetime) -> float:
        """Seconds."""
        return round((self.now - moment).total_seconds(), 3)

    def sleep(self, seconds: float) -> Steps:
        self._events += EACH
        yield self.context.create_timer(self.now + timedelta(seconds=seconds))

    def sleep_for_import(self, waited: float, at_least: float = FIRST_PAUSE) -> Steps:
        """Until it is looked for again, after it was waited for `waited` seconds."""
        yield from self.sleep(min(max(at_least, waited / GROWTH), LONGEST_PAUSE))

    def call(self, activity: str, given: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
        self._events += EACH
        answer: dict[str, Any] = yield self.context.call_activity(activity, given)
        if activity in WRITES and "failure" in answer and _may_have_had_effect(answer["failure"]):
            self.may_land = True
        return answer

    def call_all(self, activity: str, given: list[dict[str, Any]]) -> Generator[Any, Any, list[dict[str, Any]]]:
        """At once; the answers in the order of `given`."""
        self._events += EACH * len(given)
        answers: list[dict[str, Any]] = yield self.context.task_all([self.context.call_activity(activity, one) for one in given])
        return answers

    def child(self, orchestration: str, given: dict[str, Any], instance: str) -> Generator[Any, Any, dict[str, Any]]:
        self._events += EACH
        answer: dict[str, Any] = yield self.context.call_sub_orchestrator(orchestration, given, instance)
        return answer

    def start_over_if_long(self, events: int = LONG) -> None:
        """Raises `StartOver`."""
        if self._events >= events:
            raise StartOver

    def insist(self, activity: str, given: dict[str, Any]) -> Generator[Any, Any, dict[str, Any] | Failure]:
        """Its answer; or the failure that outlasted patience. Raises `StartOver` where waiting has made the history long, and after a wait
        with others, where what is known is old."""
        while True:
            answer = yield from self.call(activity, given)
            if "failure" not in answer:
                self.place.passed(activity)
                return answer
            failure = Failure.from_json(answer["failure"])
            if not (yield from self.wait_out(activity, failure)):
                return failure

    def wait_out(self, step: str, failure: Failure) -> Generator[Any, Any, bool]:
        """False when there is no waiting for it any longer. As long as the service asks, or longer each time; what keeps off everybody is
        waited for with the others, where a run has a waiting room. Raises `StartOver`."""
        refusal = self.place.waits.refuse(step, failure, self.place.now)
        limits, waited = self.limits, refusal.tried - refusal.since
        pause = of_a_run(failure, limits).pause(failure, refusal.tries, waited)
        if pause is not None:
            self.tell_waiting(failure, since=refusal.since, pause=pause)
            if self.place.takes_turns(step, refusal):
                pause = yield from self.place.turn(refusal, pause)
                self.tell_waiting(failure, since=refusal.since, pause=pause)
            yield from self.sleep(pause)
            self.start_over_if_long()
            return True
        if is_of_a_place(failure) and self.place.has_room and waited < limits.waiting:
            yield from self._wait_at_place(step)
            raise StartOver
        if not is_of_a_place(failure) and failure.kind != "throttled":
            self.place.passed(step)  # whoever answers about one artifact turns nobody away
        self.given_up = failure
        return False

    def resume(self) -> Generator[Any, Any, None]:
        """First in a run that starts over: it may be to wait on. Raises `StartOver`."""
        if (step := self.place.waits.step) is not None:
            yield from self._wait_at_place(step)
            raise StartOver

    def tell_waiting(self, failure: Failure, *, since: float, pause: float) -> None:
        """`since`: seconds since 1970; `pause`: seconds until the next try."""
        told = {"reason": failure.code, "since": as_time(since), "next_try": as_time(self.place.now + pause)}
        self.report(f"waiting: {failure.code}", failure, told)

    def _wait_at_place(self, step: str) -> Steps:
        refusal = self.place.waits.refused[step]
        answer = yield from self.place.enter(step)
        pause = answer["go"] if "go" in answer else answer["next"] - self.place.now
        self.tell_waiting(Failure.from_json(refusal.failure), since=refusal.since, pause=pause)
        yield from self.place.wait(refusal, answer)


def _may_have_had_effect(failure: dict[str, Any]) -> bool:
    """Of a change that was refused: a registry that lacks a part, and says so, has changed nothing."""
    return bool(failure["kind"] == "transient" and failure["code"] != "manifest_refused")
