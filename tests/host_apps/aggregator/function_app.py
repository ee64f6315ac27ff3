"""Aggregator: readings of many meters come in, and one entity per meter keeps what they come to."""

import json
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.entity_trigger(context_name="context", entity_name="Meter")
def meter(context: df.DurableEntityContext) -> None:
    """The state: how many readings, their sum, the last one."""
    state = context.get_state(lambda: {"readings": 0, "sum": 0, "last": None})
    match context.operation_name:
        case "read":
            value = context.get_input()["value"]
            if value < 0:
                raise ValueError(f"a meter does not run backwards: {value}")
            state = {"readings": state["readings"] + 1, "sum": state["sum"] + value, "last": value}
            context.set_state(state)
        case "get":
            context.set_result(state)
        case "reset":
            context.set_result(state["sum"])
            context.destruct_on_exit()


@app.route(route="meters/{meter}/readings", methods=["POST"])
@app.durable_client_input(client_name="client")
async def take_reading(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """A signal: nobody waits until the entity has worked it in. Its input is an object: the client would not send a bare 0."""
    await client.signal_entity(df.EntityId("Meter", req.route_params["meter"]), "read", {"value": req.get_json()["value"]})
    return func.HttpResponse(status_code=202)


@app.route(route="meters/{meter}", methods=["GET"])
@app.durable_client_input(client_name="client")
async def look_at_meter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    found = await client.read_entity_state(df.EntityId("Meter", req.route_params["meter"]))
    if not found.entity_exists:
        return func.HttpResponse(status_code=404)
    return func.HttpResponse(json.dumps(found.entity_state), mimetype="application/json")


@app.route(route="bills/{meter}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def order_bill(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """A last reading in the body, then the sum so far."""
    given = {"meter": req.route_params["meter"], **req.get_json()}
    instance = await client.start_new("bill", instance_id=given["meter"], client_input=given)
    return client.create_check_status_response(req, instance)


@app.orchestration_trigger(context_name="context")
def bill(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """A call comes after the signals that were sent before it, and waits for its answer."""
    given: Any = context.get_input()
    entity = df.EntityId("Meter", given["meter"])
    context.signal_entity(entity, "read", {"value": given["value"]})
    try:
        yield context.call_entity(entity, "read", {"value": -1})
        refused = ""
    except Exception as error:
        refused = str(error)
    state = yield context.call_entity(entity, "get")
    total = yield context.call_entity(entity, "reset")
    return {"readings": state["readings"], "last": state["last"], "total": total, "refused": "backwards" in refused}
