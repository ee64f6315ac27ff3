"""The orchestration and its steps. The setting SERVICES is the address of the service that sends mails."""

import json
import os
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import aiohttp
import azure.durable_functions as df

approval = df.Blueprint()


@approval.orchestration_trigger(context_name="context")
def approve_expense(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """The input: `id`, and `hours` (below 144) until it is escalated."""
    expense: Any = context.get_input()
    yield context.call_activity("ask_approver", expense)
    answered = context.wait_for_external_event("Answer")
    overdue: Any = context.create_timer(context.current_utc_datetime + timedelta(hours=expense["hours"]))
    first = yield context.task_any([answered, overdue])
    if first is overdue:
        yield context.call_activity("escalate", expense)
        return {"outcome": "escalated"}
    overdue.cancel()  # else the instance would run until the timer fires
    answer = plain(answered.result)
    return {"outcome": "approved" if answer["approved"] else "rejected", "by": answer["by"]}


def plain(value: Any) -> dict[str, Any]:
    """An event raised by the Python client comes as a text of JSON, one posted to the webhook as an object."""
    return dict(json.loads(value) if isinstance(value, str) else value)


@approval.activity_trigger(input_name="expense")
async def ask_approver(expense: dict) -> None:
    await mail("ask", expense)


@approval.activity_trigger(input_name="expense")
async def escalate(expense: dict) -> None:
    await mail("escalate", expense)


async def mail(what: str, expense: dict[str, Any]) -> None:
    async with aiohttp.ClientSession(os.environ["SERVICES"], raise_for_status=True) as session:
        await session.post(f"/{what}/{expense['id']}", json=expense)
