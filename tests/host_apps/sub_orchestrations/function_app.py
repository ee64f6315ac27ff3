"""Sub-orchestrations with retries: a site is set up by setting up its devices, each in an orchestration of its own, all at once.

The setting SERVICES is the address of the services that the devices are registered with."""

import os
from collections.abc import Generator
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
PATIENT = df.RetryOptions(first_retry_interval_in_milliseconds=30_000, max_number_of_attempts=3)


@app.route(route="sites/{site}", methods=["PUT"])
@app.durable_client_input(client_name="client")
async def set_up(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The body: the names of the `devices`."""
    site = req.route_params["site"]
    await client.start_new("set_up_site", instance_id=site, client_input={"site": site, **req.get_json()})
    return client.create_check_status_response(req, site)


@app.orchestration_trigger(context_name="context")
def set_up_site(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    given: Any = context.get_input()
    site, devices = given["site"], given["devices"]
    # One after another, until the network is there: a child that fails is tried again as a whole.
    network = yield context.call_sub_orchestrator_with_retry("set_up_network", PATIENT, {"site": site}, f"{site}:network")
    children = [context.call_sub_orchestrator("set_up_device", {"site": site, "device": each}, f"{site}:{each}") for each in devices]
    results = yield context.task_all(children)
    # Without an id, the child gets one from the host.
    report = yield context.call_sub_orchestrator("report", {"site": site, "ready": [each["device"] for each in results if each["ready"]]})
    return {"network": network, "devices": results, "report": report}


@app.orchestration_trigger(context_name="context")
def set_up_network(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    given: Any = context.get_input()
    address = yield context.call_activity("ask", f"address/{given['site']}")
    yield context.call_activity("ask", f"network/{given['site']}")
    return str(address["address"])


@app.orchestration_trigger(context_name="context")
def set_up_device(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """A device that cannot be registered is reported; its siblings go on."""
    given: Any = context.get_input()
    device, site = given["device"], given["site"]
    try:
        registered = yield context.call_activity_with_retry("ask", PATIENT, f"register/{device}/{site}")
    except Exception:
        return {"device": device, "ready": False}
    yield context.call_activity("ask", f"configure/{device}/{site}")
    return {"device": device, "ready": True, "serial": registered["serial"]}


@app.orchestration_trigger(context_name="context")
def report(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    given: Any = context.get_input()
    yield context.call_activity("ask", f"report/{given['site']}")
    return f"{len(given['ready'])} ready, for {context.parent_instance_id}"


@app.activity_trigger(input_name="path")
async def ask(path: str) -> dict[str, Any]:
    service = aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True)
    async with service, service.post(f"/{path}") as response:
        return dict(await response.json())
