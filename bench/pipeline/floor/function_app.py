"""The app's orchestrations for one image, and its requests, with nothing between: what the worker, the SDK, the host and the transport cost
whatever an app does.

The starter asks for the instance and starts it, as the app's does. Every input, answer and output has the app's own size, for what is large
costs the host and the SDK more, in each replay anew. `BENCH_SHAPE` holds them: see bench/pipeline/shape.py. An event of which `quiet` is
said makes no requests."""

import json
import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

app = df.DFApp()
Steps = Generator[Any, Any, Any]
SHAPE = json.loads(os.environ["BENCH_SHAPE"])
# Without the environment's proxies: aiohttp would read them in a thread at every request.
transport = AioHttpTransport(use_env_settings=False)


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_image_event(event: str, client: df.DurableOrchestrationClient) -> None:
    told = json.loads(event)
    if not await client.get_status(told["id"]):
        about = {name: told["data"]["target"][name] for name in ("repository", "tag", "digest")}
        given = {**SHAPE["event"], "event": {**SHAPE["event"]["event"], **about}, "quiet": "quiet" in told["data"]}
        await client.start_new("replicate_image_event", told["id"], given)


@app.orchestration_trigger(context_name="context")
def replicate_image_event(context: df.DurableOrchestrationContext) -> Steps:
    given = context.get_input() or {}
    yield context.call_activity("first", given["event"])
    waiting = []
    for name in given["targets"]:
        work = {**SHAPE["run"], "work": {**SHAPE["run"]["work"], **given["event"], "target": name, "quiet": given["quiet"]}}
        waiting.append(context.call_sub_orchestrator("publish_to_target", work, f"{context.instance_id}~{name}"))
    while waiting:
        winner = yield context.task_any(waiting)
        waiting.remove(winner)
    return SHAPE["ended"]


@app.orchestration_trigger(context_name="context")
def publish_to_target(context: df.DurableOrchestrationContext) -> Steps:
    given = context.get_input() or {}
    for number, pause in enumerate(SHAPE["pauses"]):
        yield context.call_activity("step", {"number": number, **given["work"]})
        if pause is not None:
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=pause))
    return SHAPE["outcome"]


@app.activity_trigger(input_name="work")
async def first(work: dict) -> dict:
    return SHAPE["first"]  # type: ignore[no-any-return]


@app.activity_trigger(input_name="work")
async def step(work: dict) -> dict:
    answer = b""
    for one in () if work["quiet"] else SHAPE["requests"][work["number"]]:
        side, headers, content = SHAPE["sides"][work["target"]][one["side"]], {}, None
        if one["method"] == "POST":  # an import
            content = json.dumps(side["body"]).replace("{digest}", work["digest"]).encode()
        if one["method"] == "PUT":  # the manifest that was read right before
            headers, content = {"Content-Type": SHAPE["media_type"]}, answer
        url = side["url"] + one["path"].replace("{tag}", work["tag"]).replace("{digest}", work["digest"])
        request = HttpRequest(one["method"], url, headers={**side["headers"], **headers}, content=content)
        response = await transport.send(request, stream=True)
        answer = b"".join([piece async for piece in response.iter_raw()])
    return SHAPE["answers"][work["number"]]  # type: ignore[no-any-return]
