"""An app for what host.json and the host's own switches change: versions, limits, time-outs, unkindness.

The setting WORK names a folder: `calls` there has a line for each call of `count`, and `go` lets go what is held."""

import asyncio
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Steps = Generator[Any, Any, Any]
WORK = Path(os.environ["WORK"])
LOCK = threading.Lock()
CROWDS: dict[str, list[int]] = {}  # kind -> how many run now, and how many at most


@contextmanager
def counted(kind: str) -> Iterator[int]:
    """How many of a kind have run at once so far."""
    with LOCK:
        crowd = CROWDS.setdefault(kind, [0, 0])
        crowd[0] += 1
        crowd[1] = max(crowd)
    yield crowd[1]
    with LOCK:
        crowd[0] -= 1


@app.activity_trigger(input_name="name")
async def count(name: str) -> str:
    with (WORK / "calls").open("a") as calls:
        calls.write(f"{name}\n")
    return name


@app.activity_trigger(input_name="number")
async def crowd(number: int) -> int:
    with counted("activity") as most:
        await asyncio.sleep(0.01)
        return most


@app.activity_trigger(input_name="nothing")
async def linger(nothing: str) -> None:
    await asyncio.Event().wait()


@app.activity_trigger(input_name="nothing")
async def heedless(nothing: str) -> None:
    """Goes on when it is cancelled."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)


@app.orchestration_trigger(context_name="context")
def versioned(context: Any) -> Steps:
    """The versions of this instance, of a child that is given none, and of one that is given 0.5."""
    child = yield context.call_sub_orchestrator("leaf", {})
    given = yield context.call_sub_orchestrator("leaf", {}, None, "0.5")
    return [context.version, child, given]


@app.orchestration_trigger(context_name="context")
def leaf(context: Any) -> Steps:
    yield context.call_activity("count", "leaf")
    return context.version


@app.orchestration_trigger(context_name="context")
def crowded(context: Any) -> Steps:
    return (yield context.task_all([context.call_activity("crowd", number) for number in range(context.get_input()["many"])]))


@app.orchestration_trigger(context_name="context")
def pushing(context: Any) -> int:
    """How many of these have run at once; it takes a moment, and ends in its first episode."""
    with counted("orchestrator") as most:
        time.sleep(0.02)
        return most


@app.orchestration_trigger(context_name="context")
def holding(context: Any) -> str:
    """Holds an orchestrator's place until it is let go."""
    (WORK / f"held {context.instance_id}").touch()
    while not (WORK / "go").exists():
        time.sleep(0.01)
    return "let go"


@app.orchestration_trigger(context_name="context")
def lingering(context: Any) -> Steps:
    try:
        yield context.call_activity(context.get_input().get("activity", "linger"), "")
    except Exception as error:
        return str(error)
    return None


@app.orchestration_trigger(context_name="context")
def many(context: Any) -> Steps:
    """An activity for each of so many numbers, all at once, then one for each in turn."""
    given = context.get_input()
    first = yield context.task_all([context.call_activity("count", f"wide {number}") for number in range(given["wide"])])
    for number in range(given["long"]):
        first.append((yield context.call_activity("count", f"long {number}")))
    return first


@app.entity_trigger(context_name="context")
def tally(context: Any) -> None:
    with counted("entity") as most:
        time.sleep(0.01)
        context.set_state({"sum": context.get_state(lambda: {"sum": 0})["sum"] + context.get_input(), "most": most})


@app.route(route="slow", methods=["GET"])
async def slow(req: func.HttpRequest) -> str:
    await asyncio.Event().wait()
    return "never"


@app.route(route="signal/{key}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await client.signal_entity(df.EntityId("tally", req.route_params["key"]), "add", 1)
    return func.HttpResponse("")
