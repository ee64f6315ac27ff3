"""What figures are told of a run. An orchestrator tells them nothing itself, since it is replayed: activities do."""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any

from orchestrators.run import Run
from replication.endings import Ending
from replication.outcomes import Outcome


def waited_before(given: Mapping[str, Any], began: datetime) -> float | None:
    """Seconds from the event's own time until the run began; None where the event told none. Clocks differ: never less than nothing."""
    happened = given.get("happened")
    return None if happened is None else max(0.0, round(began.timestamp() - happened, 3))


def record(run: Run, about: Mapping[str, Any], outcomes: list[Outcome], waited: float | None) -> Generator[Any, Any, None]:
    """By an activity of its own. `about` has `repository`, `tag` and `digest`."""
    named = {name: about[name] for name in ("repository", "tag", "digest")}
    yield from run.call("record_outcomes", {**named, "endings": [Ending.of(outcome, waited).to_json() for outcome in outcomes]})
