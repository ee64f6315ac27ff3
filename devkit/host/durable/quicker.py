"""Two things that the SDK does at each replay, and that cost more than the rest of a short one, done more simply and with the same result.

It reads each time of a history with dateutil, which guesses the form: those that this host writes have one form. And it makes a class anew
for each run. Both live in modules of azure-functions-durable 1.x; a version without them is left as it is."""

import re
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MODELS = "azure.durable_functions.models"


@cache
def install() -> None:
    """In this process, once the SDK has been imported."""
    from dateutil import tz

    # by the modules' names, since their packages have classes of the same names
    events: Any = sys.modules.get(f"{MODELS}.history.HistoryEvent")
    if hasattr(events, "dt_parse"):
        events.dt_parse = reader(events.dt_parse, tz.UTC)
    executor: Any = sys.modules.get(f"{MODELS}.TaskOrchestrationExecutor")
    if hasattr(executor, "namedtuple"):
        executor.namedtuple = cache(executor.namedtuple)


def reader(guess: Callable[[str], datetime], utc: Any) -> Callable[[str], datetime]:
    """As `guess`; `utc` is the time zone that it gives to what ends in Z."""

    def read(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=utc) if OURS.fullmatch(text) else guess(text)

    return read
