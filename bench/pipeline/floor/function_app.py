"""The shape of the app's orchestrations for one image, and nothing in it: what the worker, the SDK and the host cost whatever an app does.

The starter asks for the instance and starts it, as the app's does; activities get an input of the same size, and answer at once."""

import json
import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
Steps = Generator[Any, Any, Any]
SETTING = "ReplicationTargets"
LISTED = ("authenticate", "look", "start", "verify", "move", "verify", "look")
SLEEPS = {2: 1.0, 5: 0.3}  # seconds after the step of that number


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_image_event(event: str, client: df.DurableOrchestrationClient) -> None:
    told = json.loads(event)
    if not await client.get_status(told["id"]):
        targets = [one["name"] for one in json.loads(os.environ[SETTING])]
        await client.start_new("replicate_image_event", told["id"], {"work": told["data"]["target"], "targets": targets})


@app.orchestration_trigger(context_name="context")
def replicate_image_event(context: df.DurableOrchestrationContext) -> Steps:
    given = context.get_input() or {}
    yield context.call_activity("step", given)
    waiting = [context.call_sub_orchestrator("publish_to_target", given, f"{context.instance_id}~{name}") for name in given["targets"]]
    while waiting:
        winner = yield context.task_any(waiting)
        waiting.remove(winner)
    return "done"


@app.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Steps:
    given = context.get_input() or {}
    for number, step in enumerate(LISTED):
        yield context.call_activity("step", {"step": step, **given})
        if number in SLEEPS:
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=SLEEPS[number]))
    return {"outcome": "done"}


@app.activity_trigger(input_name="work")
async def step(work: dict) -> dict:
    return {"state": "done"}
