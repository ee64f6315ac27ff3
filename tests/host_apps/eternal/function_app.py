"""Eternal orchestrations: generation after generation by `continue_as_new`, so that no history grows without end.

A janitor that sweeps every hour, started by a timer; and a mailbox that works off letters in the order in which they come. The setting
SERVICES is the address of the services that do the work."""

import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
LIVING = (df.OrchestrationRuntimeStatus.Pending, df.OrchestrationRuntimeStatus.Running, df.OrchestrationRuntimeStatus.ContinuedAsNew)


@app.timer_trigger(arg_name="timer", schedule="0 0 */6 * * *", run_on_startup=True)
@app.durable_client_input(client_name="client")
async def keep_a_janitor(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """There is one janitor, at most: the id is always the same."""
    status = await client.get_status("janitor")
    if status.runtime_status is None:
        await client.start_new("janitor", instance_id="janitor", client_input={"sweeps": 0})


@app.orchestration_trigger(context_name="context")
def janitor(context: df.DurableOrchestrationContext) -> Generator[Any, Any, None]:
    given: Any = context.get_input()
    sweeps = given["sweeps"]
    context.set_custom_status({"sweeps": sweeps})
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.call_activity("post", f"sweep/{sweeps + 1}")
    context.continue_as_new({"sweeps": sweeps + 1})


@app.route(route="janitor", methods=["DELETE"])
@app.durable_client_input(client_name="client")
async def dismiss_janitor(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await client.terminate("janitor", req.params["reason"])
    return func.HttpResponse(status_code=202)


@app.route(route="letters/{box}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def send_letter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The first letter opens the box."""
    box = req.route_params["box"]
    status = await client.get_status(box)
    if status.runtime_status not in LIVING:
        await client.start_new("mailbox", instance_id=box, client_input={"answered": []})
    await client.raise_event(box, "Letter", req.get_json())
    return func.HttpResponse(status_code=202)


@app.orchestration_trigger(context_name="context")
def mailbox(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[str] | None]:
    """One letter in each generation; what comes meanwhile is carried to the next one. The letter `bye` closes the box."""
    given: Any = context.get_input()
    answered = given["answered"]
    context.set_custom_status({"answered": answered})
    letter = str((yield context.wait_for_external_event("Letter"))).strip('"')  # the client sends a text of JSON
    if letter == "bye":
        return list(answered)
    yield context.call_activity("post", f"answer/{letter}/{context.instance_id}")
    context.continue_as_new({"answered": [*answered, letter]})
    return None


@app.activity_trigger(input_name="path")
async def post(path: str) -> None:
    async with aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True) as session:
        await session.post(f"/{path}")
