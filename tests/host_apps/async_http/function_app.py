"""Async HTTP: a report takes long to render, so whoever orders one is answered 202 and looks at the status URL until it is there.

The setting SERVICES is the address of the renderer."""

import os
from collections.abc import Generator
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="reports", methods=["POST"])
@app.durable_client_input(client_name="client")
async def order_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance = await client.start_new("make_report", client_input=req.get_json())
    return client.create_check_status_response(req, instance)


@app.route(route="reports/now", methods=["POST"])
@app.durable_client_input(client_name="client")
async def order_report_and_wait(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The report if it is rendered within the query's `patience` (milliseconds), else as above."""
    instance = await client.start_new("make_report", client_input=req.get_json())
    return await client.wait_for_completion_or_create_check_status_response(
        req, instance, timeout_in_milliseconds=int(req.params["patience"]), retry_interval_in_milliseconds=20
    )


@app.orchestration_trigger(context_name="context")
def make_report(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    given: Any = context.get_input()
    title = given["title"]
    context.set_custom_status(f"rendering {title}")
    pages = yield context.call_activity("render", title)
    context.set_custom_status(f"rendered {title}")
    return {"title": title, "pages": pages}


@app.activity_trigger(input_name="title")
async def render(title: str) -> int:
    service = aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True)
    async with service, service.post(f"/render/{title}") as response:
        return int((await response.json())["pages"])
