"""What all activities have in common: a span, and a refusal told as `{"failure": …}`. Anything else raised is a bug, and stays loud.

Their parameter is a bare `dict`: with `dict[str, Any]` on it, the worker would load nothing of the app."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import azure.durable_functions as df

from replication.failures import Refused
from telemetry import span

bp = df.Blueprint()

Step = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def step(function: Step) -> Step:
    @wraps(function)
    async def answer(work: dict[str, Any]) -> dict[str, Any]:
        named = {f"replication.{name}": str(work[name]) for name in ("target", "repository", "tag", "digest") if work.get(name)}
        with span(function.__name__, named) as current:
            try:
                return await function(work)
            except Refused as refused:
                current.set_attribute("replication.failure", refused.failure.code)
                return {"failure": refused.failure.to_json()}

    return answer
