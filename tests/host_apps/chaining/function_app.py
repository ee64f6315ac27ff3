"""Function chaining: an order is reserved, charged and shipped, each step with what the step before it answered.

The setting SERVICES is the address of the three services."""

import os
from collections.abc import Generator
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="orders", methods=["POST"])
@app.durable_client_input(client_name="client")
async def place_order(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    order = req.get_json()
    instance = await client.start_new("fulfil_order", instance_id=order["id"], client_input=order)
    return client.create_check_status_response(req, instance)


@app.orchestration_trigger(context_name="context")
def fulfil_order(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    order: Any = context.get_input()
    reservation = yield context.call_activity("reserve", order)
    try:
        payment = yield context.call_activity("charge", {"id": order["id"], **reservation})
    except Exception:
        yield context.call_activity("release", {"id": order["id"], **reservation})
        return {"shipped": False, "why": "the payment was refused"}
    parcel = yield context.call_activity("ship", {"id": order["id"], **payment})
    return {"shipped": True, **parcel}


@app.activity_trigger(input_name="order")
async def reserve(order: dict) -> dict[str, Any]:
    return await post("reserve", order)


@app.activity_trigger(input_name="reservation")
async def charge(reservation: dict) -> dict[str, Any]:
    return await post("charge", reservation)


@app.activity_trigger(input_name="payment")
async def ship(payment: dict) -> dict[str, Any]:
    return await post("ship", payment)


@app.activity_trigger(input_name="reservation")
async def release(reservation: dict) -> dict[str, Any]:
    """What undoes `reserve`."""
    return await post("release", reservation)


async def post(step: str, value: dict[str, Any]) -> dict[str, Any]:
    service = aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True)
    async with service, service.post(f"/{step}/{value['id']}", json=value) as response:
        return dict(await response.json())
