"""What all activities have in common: a span, a turn among those for one target, and a refusal told as `{"failure": …}`. Whatever else is
raised is a bug, and stays loud.

Their parameter is a bare `dict`: with `dict[str, Any]` on it, the worker would load nothing of the app."""

import traceback
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

import azure.durable_functions as df

from activities.turns import share_of
from replication.failures import Refused
from telemetry import span

bp = df.Blueprint()
ROOT = Path(__file__).parents[1]

Step = Callable[[dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]


def step(function: Step) -> Step:
    @wraps(function)
    async def answer(work: dict[str, Any]) -> dict[str, Any]:
        named = {f"replication.{name}": str(work[name]) for name in ("target", "repository", "tag", "digest") if work.get(name)}
        bug = None
        with span(function.__name__, named) as current:
            try:
                target = work.get("target") or work.get("work", {}).get("target")
                async with share_of(target).turn() if target else nullcontext():
                    return await function(work)
            except Refused as refused:
                current.set_attribute("replication.failure", refused.failure.code)
                return {"failure": refused.failure.to_json()}
            except Exception as error:
                bug = Bug(f"{type(error).__name__} at {place(error)}")
        raise bug

    return answer


class Bug(Exception):
    """What was raised, and where; not its text, which becomes part of the history and may hold what an SDK sent."""


def place(error: Exception) -> str:
    """`registries/arm.py:97`: the last line of this app's own on the way."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT)]
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{Path(own[-1].filename).relative_to(ROOT)}:{own[-1].lineno}" if own else "an unknown place"
