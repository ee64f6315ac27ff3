"""How a run ended, told to whoever watches: by the step that knows it, which is most often the last look."""

import logging
from collections.abc import Mapping

from replication.endings import Ending
from telemetry import figures, tell


def record(ending: Ending, named: Mapping[str, str]) -> None:
    """`named`: what it was about. At least once, as activities are."""
    detail = {} if ending.detail is None else {"reason": ending.detail}
    figures.outcomes.add(1, {"target": ending.target, "outcome": ending.outcome, **detail})
    lag: dict[str, float] = {}
    if ending.lag is not None:
        figures.lag.record(ending.lag, {"target": ending.target, "outcome": ending.outcome})
        lag = {"lag": round(ending.lag, 3)}
    about: dict[str, str | float] = {"outcome": ending.outcome, **detail, **lag, "cloud.target": ending.target, **named}
    tell("ended", about, logging.WARNING if ending.outcome == "failed" else logging.INFO)
