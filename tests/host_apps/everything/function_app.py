"""An app whose orchestrations use every durable feature between them, and end alike however often they are disturbed.

Activities run at least once, so each says in the journal which task it is; what they answer depends on their input and on that alone. The
setting JOURNAL names the journal's file."""

import asyncio
import json
import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Steps = Generator[Any, Any, Any]


def note(name: str, context: Any) -> list[str]:
    """The journal with a new line; a task that is delivered again has the same trace parent."""
    journal = Path(os.environ["JOURNAL"])
    with journal.open("a") as file:
        file.write(f"{name} {context.trace_context.trace_parent}\n")
    return journal.read_text().splitlines()


# activities


@app.activity_trigger(input_name="name")
async def greet(name: str, context: func.Context) -> str:
    note(f"greet:{name}", context)
    await asyncio.sleep(0.002)
    return f"hello {name}"


@app.activity_trigger(input_name="number")
def double(number: int, context: func.Context) -> int:
    note(f"double:{number}", context)
    return 2 * number


@app.activity_trigger(input_name="work")
async def flaky(work: dict, context: func.Context) -> str:
    """Fails in the first `work["failures"]` attempts, which differ in their trace parents; one delivered again fails again."""
    name = f"flaky:{work['name']}"
    attempts = list(dict.fromkeys(line for line in note(name, context) if line.startswith(f"{name} ")))
    attempt = attempts.index(f"{name} {context.trace_context.trace_parent}") + 1
    if attempt <= work["failures"]:
        raise RuntimeError(f"attempt {attempt}")
    return f"attempt {attempt}"


# orchestrators


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Steps:
    name = context.get_input()["name"]
    greeting = yield context.call_activity("greet", name)
    context.set_custom_status({"greeting": greeting})
    doubled = yield context.call_activity("double", len(name))
    return {"greeting": greeting, "doubled": doubled, "parent": context.parent_instance_id}


@app.orchestration_trigger(context_name="context")
def retrying(context: Any) -> Steps:
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=3)
    lucky = yield context.call_activity_with_retry("flaky", options, {"name": "lucky", "failures": 2})
    try:
        yield context.call_activity_with_retry("flaky", options, {"name": "hopeless", "failures": 9})
    except Exception as error:
        failure = str(error).partition("\n")[0]
    try:
        yield context.call_sub_orchestrator_with_retry("doomed", options, {"name": "child"}, f"{context.instance_id}~doomed")
    except Exception as error:
        child = str(error).partition("\n")[0]
    return [lucky, failure, child]


@app.orchestration_trigger(context_name="context")
def parent(context: Any) -> Steps:
    """Children with an id of their own, and without."""
    named = yield context.call_sub_orchestrator("chain", {"name": "named"}, f"{context.instance_id}~named")
    nameless = yield context.call_sub_orchestrator("chain", {"name": "nameless"})
    return [named["doubled"], nameless["doubled"]]


@app.orchestration_trigger(context_name="context")
def fan(context: Any) -> Steps:
    """One after the other as they end, then all at once."""
    open_tasks = {name: context.call_sub_orchestrator("chain", {"name": name}, f"{context.instance_id}~{name}") for name in "ab"}
    results = {}
    while open_tasks:
        done = yield context.task_any(list(open_tasks.values()))
        name = next(name for name, task in open_tasks.items() if task is done)
        results[name] = open_tasks.pop(name).result["doubled"]
    numbers = yield context.task_all([context.call_activity("double", number) for number in (100, 200, 300)])
    return [dict(sorted(results.items())), numbers]


@app.orchestration_trigger(context_name="context")
def clocked(context: Any) -> Steps:
    """A timer that fires, and one of a day that loses and is cancelled."""
    began = context.current_utc_datetime
    yield context.create_timer(began + timedelta(seconds=10))
    slept = context.current_utc_datetime - began >= timedelta(seconds=10)
    day = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    work = context.call_activity("greet", "quick")
    first = yield context.task_any([day, work])
    day.cancel()
    return [slept, first is work]


@app.orchestration_trigger(context_name="context")
def listener(context: Any) -> Steps:
    """Two events, in whichever order they come."""
    first, second = context.wait_for_external_event("first"), context.wait_for_external_event("second")
    return (yield context.task_all([first, second]))


@app.orchestration_trigger(context_name="context")
def eternal(context: Any) -> Steps:
    """Three generations; the last waits for an event that is carried along if it came earlier."""
    given = context.get_input()
    context.set_custom_status({"generation": given["generation"]})
    yield context.call_activity("double", given["generation"])
    if given["generation"] < 3:
        context.continue_as_new({"generation": given["generation"] + 1})
        return None
    return (yield context.wait_for_external_event("finish"))


@app.orchestration_trigger(context_name="context")
def accountant(context: Any) -> Steps:
    entity = df.EntityId("tally", context.instance_id)
    for number in (1, 20, 300):
        context.signal_entity(entity, "add", number)
    total = yield context.call_entity(entity, "get")
    try:
        yield context.call_entity(entity, "break")
    except Exception:
        return [total, "and it breaks"]
    return None


@app.orchestration_trigger(context_name="context")
def doomed(context: Any) -> Steps:
    yield context.call_activity("greet", context.get_input()["name"])
    raise ValueError("a bug")


@app.entity_trigger(context_name="context")
def tally(context: Any) -> None:
    total = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            context.set_state(total + context.get_input())
        case "get":
            context.set_result(total)
        case "break":
            raise ValueError("this tally is broken")


@app.entity_trigger(context_name="context")
def register(context: Any) -> None:
    """What has been signed in: a signal that is sent again changes nothing."""
    context.set_state(sorted({*context.get_state(list), context.get_input()}))


# triggers


async def start_once(client: df.DurableOrchestrationClient, name: str, instance: str, value: Any) -> None:
    """A delivery that is repeated finds its instance and leaves it alone."""
    if not await client.get_status(instance):
        await client.start_new(name, instance, value)


@app.route(route="start/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def by_http(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await start_once(client, "chain", req.route_params["id"], req.get_json())
    return func.HttpResponse(status_code=202)


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def by_event(event: str, client: df.DurableOrchestrationClient) -> None:
    given = json.loads(event)
    await start_once(client, "chain", given["id"], given["data"])


@app.timer_trigger(arg_name="timer", schedule="*/15 * * * * *")
@app.durable_client_input(client_name="client")
async def by_timer(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    await start_once(client, "chain", "by-timer", {"name": "timer"})
