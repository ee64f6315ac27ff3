"""What all activities have in common: a span, a line where they change something, a turn among those for one target, and a refusal told as
`{"failure": …}`. Whatever else is raised is a bug, and stays loud.

Their parameter is a bare `dict`: with `dict[str, Any]` on it, the worker would load nothing of the app."""

import logging
import traceback
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

import azure.durable_functions as df
from opentelemetry.trace import StatusCode

from activities.turns import share_of
from registries.connections import connections
from replication.clouds import name_of
from replication.failures import Refused
from telemetry import span, tell

bp = df.Blueprint()
ROOT = Path(__file__).parents[1]

NAMES = {"target": "cloud.target", "repository": "oci.repository", "tag": "oci.tag", "digest": "oci.digest"}
LONGEST = 300  # characters

Step = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


def step(function: Step) -> Step:
    @wraps(function)
    async def answered(work: dict[str, Any], **bindings: Any) -> dict[str, Any]:
        named, bug = named_in(work), None
        target = work.get("target") or work.get("work", {}).get("target")
        with span(function.__name__, named) as current:
            try:
                async with share_of(target).turn() if target else nullcontext():
                    if target and current.is_recording():
                        current.set_attribute("cloud.name", name_of(connections().target(target).target.cloud))
                    answer = await function(work, **bindings)
                    state = answer.get("state")
                    if state is not None and (function.__name__, state) != ("check_import", "running"):
                        tell(function.__name__, {"state": str(state), **named})
                    return answer
            except Refused as refused:
                refusal = {"replication.failure": refused.failure.code, "replication.kind": refused.failure.kind}
                current.set_attributes(refusal)
                tell(f"{function.__name__} refused", {**refusal, **named}, logging.WARNING)
                return {"failure": refused.failure.to_json()}
            except Exception as error:
                bug = Bug(f"{type(error).__name__} at {place(error)}")
                current.set_status(StatusCode.ERROR, str(bug))
                tell(f"{function.__name__} broke", {"bug": str(bug), **named}, logging.ERROR)
        raise bug

    return answered


def named_in(work: Mapping[str, Any]) -> dict[str, str]:
    """What a step is about, as spans and lines call it. An input that was forged ends in a bug; its words are cut until then."""
    return {name: str(work[field])[:LONGEST] for field, name in NAMES.items() if work.get(field)}


class Bug(Exception):
    """What was raised, and where; not its text, which becomes part of the history and may hold what an SDK sent."""


def place(error: Exception) -> str:
    """`registries/arm.py:97`: the last line of this app's own on the way."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT)]
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{Path(own[-1].filename).relative_to(ROOT)}:{own[-1].lineno}" if own else "an unknown place"
