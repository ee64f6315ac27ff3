"""An orchestration on its way, as its sub-generators see it: Durable's context, the limits, the clock, and a status that a person can read.

A custom status cannot be cleared and must stay below 16 KB; times are whole and from replay, so they come out the same each time."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from replication.failures import Failure
from replication.limits import Limits
from replication.patience import Patience

Steps = Generator[Any, Any, Any]


def input_of(context: df.DurableOrchestrationContext) -> dict[str, Any]:
    """Inputs are objects."""
    given = context.get_input()
    assert isinstance(given, dict)
    return given


@dataclass(frozen=True, slots=True)
class Run:
    context: df.DurableOrchestrationContext
    limits: Limits
    report: Callable[[str, Failure | None], None]  # what is being done now, in a word or two, and what it waits for

    @property
    def now(self) -> datetime:
        now: datetime = self.context.current_utc_datetime
        return now

    def since(self, moment: datetime) -> float:
        """Seconds."""
        return round((self.now - moment).total_seconds(), 3)

    def sleep(self, seconds: float) -> Steps:
        yield self.context.create_timer(self.now + timedelta(seconds=seconds))

    def insist(self, activity: str, given: dict[str, Any]) -> Generator[Any, Any, dict[str, Any] | Failure]:
        """Its answer; or the failure that outlasted patience. Waits as the service asks, or longer each time."""
        patience, began, tries = Patience(self.limits.patience), self.now, 0
        while True:
            answer: dict[str, Any] = yield self.context.call_activity(activity, given)
            if "failure" not in answer:
                return answer
            failure, tries = Failure.from_json(answer["failure"]), tries + 1
            if not (yield from self.wait_out(failure, patience, tries, began)):
                return failure

    def wait_out(self, failure: Failure, patience: Patience, tries: int, began: datetime) -> Generator[Any, Any, bool]:
        """False when there is no waiting for it any longer."""
        pause = patience.pause(failure, tries, self.since(began))
        if pause is None:
            return False
        self.report(f"waiting: {failure.code}", failure)
        yield from self.sleep(pause)
        return True
