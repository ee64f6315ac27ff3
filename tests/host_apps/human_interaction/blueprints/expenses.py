"""What people see of it: hand an expense in, answer it, look at it."""

import json

import azure.durable_functions as df
import azure.functions as func

expenses = df.Blueprint()


@expenses.route(route="expenses", methods=["POST"])
@expenses.durable_client_input(client_name="client")
async def hand_in(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    expense = req.get_json()
    await client.start_new("approve_expense", instance_id=expense["id"], client_input=expense)
    return func.HttpResponse(status_code=202, headers={"Location": f"/api/expenses/{expense['id']}"})


@expenses.route(route="expenses/{id}/answer", methods=["POST"])
@expenses.durable_client_input(client_name="client")
async def answer(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    expense = req.route_params["id"]
    status = await client.get_status(expense)
    if not status:
        return func.HttpResponse(f"There is no expense {expense}.", status_code=404)
    if status.runtime_status != df.OrchestrationRuntimeStatus.Running:
        return func.HttpResponse(f"The expense {expense} is settled.", status_code=409)
    await client.raise_event(expense, "Answer", req.get_json())
    return func.HttpResponse(status_code=202)


@expenses.route(route="expenses/{id}", methods=["GET"])
@expenses.durable_client_input(client_name="client")
async def look(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    status = await client.get_status(req.route_params["id"])
    if not status:
        return func.HttpResponse(status_code=404)
    return func.HttpResponse(json.dumps(status.output or {"outcome": "waits"}), mimetype="application/json")
