"""A versioned orchestration: release 2.0 gives a discount before payment, and checkouts begun by 1.0 end as they began.

The setting RELEASE is the version of new checkouts (host.json), SERVICES the address of the shop's services."""

import os
from collections.abc import Generator
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="checkouts/{id}", methods=["PUT"])
@app.durable_client_input(client_name="client")
async def begin_checkout(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """`?release=1.0` asks for the old way; without it, it is this release's."""
    cart = req.route_params["id"]
    await client.start_new("checkout", instance_id=cart, client_input={"cart": cart}, version=req.params.get("release"))
    return client.create_check_status_response(req, cart)


def since(context: df.DurableOrchestrationContext, release: int) -> bool:
    """Whether the instance was begun by this major release or a later one. It keeps its version for life, so replays agree."""
    return int((context.version or "1.0").partition(".")[0]) >= release


@app.orchestration_trigger(context_name="context")
def checkout(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    given: Any = context.get_input()
    cart = given["cart"]
    yield context.call_activity("ask", f"price/{cart}")
    if since(context, 2):
        yield context.call_activity("ask", f"discount/{cart}")
    yield context.call_activity("ask", f"pay/{cart}")
    # Without a version, a child would be of the release that runs when it is begun, not of its parent's.
    receipt = yield context.call_sub_orchestrator("print_receipt", {"cart": cart}, f"{cart}:receipt", version=context.version)
    return {"release": context.version, "receipt": receipt}


@app.orchestration_trigger(context_name="context")
def print_receipt(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    given: Any = context.get_input()
    kind = "letter" if since(context, 2) else "slip"
    yield context.call_activity("ask", f"{kind}/{given['cart']}")
    return kind


@app.activity_trigger(input_name="path")
async def ask(path: str) -> None:
    async with aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True) as session:
        await session.post(f"/{path}")
