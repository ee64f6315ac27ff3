"""Monitor: look at a job again and again, after pauses that cost nothing, until it is done or its time is over.

The setting SERVICES is the address of the job's service."""

import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="jobs/{job}/monitor", methods=["PUT"])
@app.durable_client_input(client_name="client")
async def monitor_job(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """One monitor per job. The body: `every` and `within`, in minutes."""
    job = req.route_params["job"]
    status = await client.get_status(job)
    if status.runtime_status not in (df.OrchestrationRuntimeStatus.Pending, df.OrchestrationRuntimeStatus.Running):
        await client.start_new("monitor", instance_id=job, client_input={"job": job, **req.get_json()})
    return client.create_check_status_response(req, job)


@app.orchestration_trigger(context_name="context")
def monitor(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    given: Any = context.get_input()
    job, every = given["job"], timedelta(minutes=given["every"])
    expiry = context.current_utc_datetime + timedelta(minutes=given["within"])
    looks = 0
    while context.current_utc_datetime < expiry:
        state = yield context.call_activity("look_at", job)
        looks += 1
        context.set_custom_status({"state": state, "looks": looks})
        if state == "done":
            yield context.call_activity("announce", job)
            return {"outcome": "done", "looks": looks}
        yield context.create_timer(min(context.current_utc_datetime + every, expiry))
    return {"outcome": "expired", "looks": looks}


@app.activity_trigger(input_name="job")
async def look_at(job: str) -> str:
    service = aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True)
    async with service, service.get(f"/state/{job}") as response:
        return str((await response.json())["state"])


@app.activity_trigger(input_name="job")
async def announce(job: str) -> None:
    async with aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True) as session:
        await session.post(f"/done/{job}")
