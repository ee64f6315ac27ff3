"""What the local host is given to do by `make bench-host`: activities that do nothing, and orchestrations that call them."""

import asyncio
import json
import time
from collections.abc import Generator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Steps = Generator[Any, Any, Any]
made: list[tuple[str, int, float, float]] = []  # of `step`: instance, number, when it began and ended by the machine's steady clock


@app.activity_trigger(input_name="work")
async def step(work: dict) -> int:
    began = time.perf_counter()
    number = int(work["number"])
    if work.get("seconds"):
        await asyncio.sleep(work["seconds"])
    made.append((work["instance"], number, began, time.perf_counter()))
    return number + 1


@app.orchestration_trigger(context_name="context")
def one(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_activity("step", {"instance": context.instance_id, "number": 0}))


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext) -> Steps:
    """Of four activities."""
    number = 0
    for _ in range(4):
        number = yield context.call_activity("step", {"instance": context.instance_id, "number": number})
    return number


@app.orchestration_trigger(context_name="context")
def fan(context: df.DurableOrchestrationContext) -> Steps:
    """Of as many activities as the input's `width` says, each of which takes the `seconds`, if it says so."""
    given = context.get_input() or {}
    works = [{"instance": context.instance_id, "number": n, "seconds": given.get("seconds")} for n in range(given["width"])]
    return sum((yield context.task_all([context.call_activity("step", work) for work in works])))


@app.orchestration_trigger(context_name="context")
def nap(context: df.DurableOrchestrationContext) -> Steps:
    """Until the time that the input's `until` says, in UTC."""
    until = datetime.fromisoformat((context.get_input() or {})["until"]).astimezone(UTC)
    yield context.create_timer(until)


@app.route(route="calls", methods=["GET"])
async def told_calls(req: func.HttpRequest) -> func.HttpResponse:
    """Those since this was last asked."""
    told = json.dumps(made)
    made.clear()
    return func.HttpResponse(told, mimetype="application/json")


@app.route(route="cpu", methods=["GET"])
async def cpu(req: func.HttpRequest) -> func.HttpResponse:
    """What bench.counters has counted: in a process of bench.counted only."""
    return func.HttpResponse(json.dumps(import_module("bench.counters").seconds()), mimetype="application/json")
