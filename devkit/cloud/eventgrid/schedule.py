"""What becomes of a delivery that was not taken: whether and when it is tried again, what it is called (acr.md 1.4 [D])."""

import random
from itertools import chain, repeat
from typing import Literal

from devkit.cloud.config.events import EventSubscription

SCHEDULE = (10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600)  # seconds; then every 12 hours
LEAST_PAUSE = {400: 300, 401: 300, 403: 300, 404: 300, 408: 120, 413: 10, 503: 30}
FINAL = {"azurefunction": {400, 413}, "webhook": {400, 401, 413}}
JITTER = 0.1  # "a small randomization": how much is not published
ANSWER_WITHIN, LATE_WITHIN = 30, 180  # seconds from the request on

Outcome = Literal[
    "Delivered", "BadRequest", "Unauthorized", "Forbidden", "NotFound", "TimedOut", "PayloadTooLarge", "Busy", "SocketError",
    "ResolutionError", "GenericError"
]  # fmt: skip
OUTCOMES: dict[int, Outcome] = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 408: "TimedOut", 413: "PayloadTooLarge", 429: "Busy",
    503: "Busy",
}  # fmt: skip

PROBATION_AFTER = 10  # failures in a row
PROBATION = {
    "Busy": 10, "TimedOut": 10, "SocketError": 30, "NotFound": 300, "ResolutionError": 300, "Unauthorized": 300, "Forbidden": 300
}  # fmt: skip
LONGEST_PROBATION = 4 * 3_600  # "in some cases, up to several hours"


def outcome_of(status: int) -> Outcome:
    """`lastDeliveryOutcome`. The list of them has no word for a 500; its metrics say GenericError."""
    return "Delivered" if 200 <= status <= 204 else OUTCOMES.get(status, "GenericError")


def is_final(status: int | None, settings: EventSubscription, *, forbidden: bool) -> bool:
    """`forbidden`: whether a 403 counts among them."""
    return status in FINAL[settings.destination] or (forbidden and status == 403)


def pause(attempts: int, status: int | None, settings: EventSubscription, number: int) -> float:
    """Seconds after the attempt that was number `attempts` of event `number`."""
    seconds = max(next(chain(SCHEDULE[attempts - 1 :], repeat(43_200))), LEAST_PAUSE.get(status or 0, 0))
    if settings.jitter_seed is None:
        return seconds
    chance = random.Random(f"{settings.jitter_seed}/{number}/{attempts}")  # noqa: S311 - the same at every run
    return seconds * (1 + JITTER * chance.random())


class Probation:
    """An endpoint that fails again and again is left alone, new events included, longer each time. Forgotten by a restart."""

    def __init__(self) -> None:
        self.until = 0.0  # by the cloud's clock
        self._failures = 0
        self._times = 0

    def noted(self, outcome: Outcome, now: float) -> None:
        if outcome == "Delivered":
            self.lift()
            return
        self._failures += 1
        if self._failures >= PROBATION_AFTER:
            self.until = now + min(PROBATION.get(outcome, 10) * 2**self._times, LONGEST_PROBATION)
            self._times += 1

    def lift(self) -> None:
        self.until, self._failures, self._times = 0.0, 0, 0
