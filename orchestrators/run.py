"""What the orchestrations have in common: patience with refusals, the clock, a status that a person can read, and a history that stays
short.

A custom status cannot be cleared and must stay below 16 KB; times are whole and from replay, so they come out the same each time."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from replication.failures import Failure
from replication.limits import Limits
from replication.patience import Patience

Steps = Generator[Any, Any, Any]
FIRST_PAUSE = 1.0  # seconds, until what was started is looked for
GROWTH = 20  # then a twentieth of what was waited, which is the most that an import is late by
LONGEST_PAUSE = 600.0
WRITES = {"move_tag", "put_index", "remove_tag", "delete_artifact"}
LONG = 50  # timers and calls; each leaves four events, and a step that waits for a day some 300 more: fewer than 500 in all


def input_of(context: df.DurableOrchestrationContext) -> dict[str, Any]:
    """Inputs are objects."""
    given = context.get_input()
    assert isinstance(given, dict)
    return given


class StartOver(Exception):
    """Raised where a run can go on from what it knows, once its history is long: whoever catches it continues as new."""


class Run:
    """`report` is told what is being done now, in a word or two, and what it waits for. `may_land`: something that was started may take
    effect long after, since nobody knows how it ended (DESIGN, rule 9)."""

    def __init__(self, context: df.DurableOrchestrationContext, limits: Limits, report: Callable[[str, Failure | None], None]) -> None:
        self.context = context
        self.limits = limits
        self.report = report
        self.may_land = False
        self._yields = 0

    @property
    def now(self) -> datetime:
        now: datetime = self.context.current_utc_datetime
        return now

    def since(self, moment: datetime) -> float:
        """Seconds."""
        return round((self.now - moment).total_seconds(), 3)

    def sleep(self, seconds: float) -> Steps:
        self._yields += 1
        yield self.context.create_timer(self.now + timedelta(seconds=seconds))

    def sleep_for_import(self, waited: float, at_least: float = FIRST_PAUSE) -> Steps:
        """Until it is looked for again, after it was waited for `waited` seconds."""
        yield from self.sleep(min(max(at_least, waited / GROWTH), LONGEST_PAUSE))

    def call(self, activity: str, given: dict[str, Any]) -> Generator[Any, Any, dict[str, Any]]:
        self._yields += 1
        answer: dict[str, Any] = yield self.context.call_activity(activity, given)
        if activity in WRITES and "failure" in answer and answer["failure"]["kind"] == "transient":
            self.may_land = True
        return answer

    def call_all(self, activity: str, given: list[dict[str, Any]]) -> Generator[Any, Any, list[dict[str, Any]]]:
        """At once; the answers in the order of `given`."""
        self._yields += len(given)
        answers: list[dict[str, Any]] = yield self.context.task_all([self.context.call_activity(activity, one) for one in given])
        return answers

    def start_over_if_long(self) -> None:
        """Raises `StartOver`."""
        if self._yields >= LONG:
            raise StartOver

    def insist(self, activity: str, given: dict[str, Any]) -> Generator[Any, Any, dict[str, Any] | Failure]:
        """Its answer; or the failure that outlasted patience. Waits as the service asks, or longer each time."""
        patience, began, tries = Patience(self.limits.patience), self.now, 0
        while True:
            answer = yield from self.call(activity, given)
            if "failure" not in answer:
                return answer
            failure, tries = Failure.from_json(answer["failure"]), tries + 1
            if not (yield from self.wait_out(failure, patience, tries, self.since(began))):
                return failure

    def wait_out(self, failure: Failure, patience: Patience, tries: int, waited: float) -> Generator[Any, Any, bool]:
        """False when there is no waiting for it any longer."""
        pause = patience.pause(failure, tries, waited)
        if pause is None:
            return False
        self.report(f"waiting: {failure.code}", failure)
        yield from self.sleep(pause)
        return True
