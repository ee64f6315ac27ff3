"""An app with one of everything that the local host serves. The setting WORK names a folder where activities leave traces."""

import asyncio
import json
import os
import threading
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func
from opentelemetry import trace

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
Steps = Generator[Any, Any, Any]


def note(text: str) -> None:
    with Path(os.environ["WORK"], "journal").open("a") as journal:
        journal.write(f"{text}\n")


# activities


@app.activity_trigger(input_name="name")
async def greet(name: str) -> str:
    return f"hello {name}"


@app.activity_trigger(input_name="number")
def double(number: int) -> int:
    return 2 * number


@app.activity_trigger(input_name="what")
async def fail(what: str) -> None:
    raise ValueError(what)


@app.activity_trigger(input_name="work")
async def flaky(work: dict) -> str:
    """Fails until it has been called `work["failures"]` times."""
    note(work["name"])
    calls = Path(os.environ["WORK"], "journal").read_text().split("\n").count(work["name"])
    if calls <= work["failures"]:
        raise RuntimeError(f"attempt {calls}")
    return f"attempt {calls}"


@app.activity_trigger(input_name="name")
async def hold(name: str) -> str:
    """Runs until the test makes the file `name`."""
    note(f"begun {name}")
    while not Path(os.environ["WORK"], name).exists():
        await asyncio.sleep(0.01)
    return name


@app.activity_trigger(input_name="name")
def block(name: str) -> None:
    """Never ends, and holds its thread."""
    note(f"begun {name}")
    threading.Event().wait()


@app.activity_trigger(input_name="name")
async def block_beside(name: str) -> None:
    """Never ends, and holds a thread of the event loop's."""
    note(f"begun {name}")
    await asyncio.to_thread(threading.Event().wait)


@app.activity_trigger(input_name="nothing")
async def traces(nothing: str, context: func.Context) -> list[str]:
    """The trace parent that the host hands over, and the span that OpenTelemetry takes for the current one."""
    return both(context)


@app.activity_trigger(input_name="nothing")
def traces_in_a_thread(nothing: str, context: func.Context) -> list[str]:
    return both(context)


def both(context: func.Context) -> list[str]:
    current = trace.get_current_span().get_span_context()
    return [str(context.trace_context.trace_parent), f"00-{current.trace_id:032x}-{current.span_id:016x}"]


@app.activity_trigger(input_name="name")
async def spanned(name: str) -> str:
    """Opens a span of its own, as the product's activities do."""
    with trace.get_tracer("sample").start_as_current_span("inside", attributes={"name": name}):
        return name


@app.activity_trigger(input_name="url")
async def fetch(url: str) -> str:
    """Over TLS, with the context that aiohttp makes when it is imported."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


ESCAPES: dict[str, BaseException] = {
    each.__name__: each() for each in (SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopIteration, Mute)
}


@app.activity_trigger(input_name="how")
def escape(how: str) -> None:
    """Raises what no `except Exception` sees, what a future cannot carry, and what has no message."""
    raise ESCAPES[how]


@app.activity_trigger(input_name="how")
async def escape_from_the_loop(how: str) -> None:
    raise ESCAPES[how]


# orchestrators


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Steps:
    given = context.get_input()
    greeting = yield context.call_activity("greet", given["name"])
    doubled = yield context.call_activity("double", given["number"])
    return {"greeting": greeting, "doubled": doubled, "parent": context.parent_instance_id}


@app.orchestration_trigger(context_name="context")
def gather(context: Any) -> Steps:
    """A loop over what is still open, as the product fans out to its targets."""
    names = context.get_input()["names"]
    open_tasks = {
        name: context.call_sub_orchestrator("chain", {"name": name, "number": len(name)}, f"{context.instance_id}~{name}") for name in names
    }
    results: dict[str, Any] = {}
    while open_tasks:
        done = yield context.task_any(list(open_tasks.values()))
        name = next(name for name, task in open_tasks.items() if task is done)
        results[name] = open_tasks.pop(name).result
        context.set_custom_status({"done": sorted(results)})
    return results


@app.orchestration_trigger(context_name="context")
def nameless(context: Any) -> Steps:
    return (yield context.call_sub_orchestrator("chain", context.get_input()))


@app.orchestration_trigger(context_name="context")
def everything(context: Any) -> Steps:
    return (yield context.task_all([context.call_activity("double", number) for number in context.get_input()["numbers"]]))


@app.orchestration_trigger(context_name="context")
def nap(context: Any) -> Steps:
    began = context.current_utc_datetime
    yield context.create_timer(began + timedelta(seconds=context.get_input()["seconds"]))
    return (context.current_utc_datetime - began).total_seconds()


@app.orchestration_trigger(context_name="context")
def race(context: Any) -> Steps:
    """A timer of an hour loses to an activity; `cancel` says whether it is cancelled then."""
    given = context.get_input()
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    work = context.call_activity("greet", "you")
    first = yield context.task_any([timer, work])
    if given["cancel"]:
        timer.cancel()
    after = yield context.call_activity("greet", "again")
    return [first is work, after]


@app.orchestration_trigger(context_name="context")
def persistent(context: Any) -> Steps:
    """Retries run in the host; what follows them must get its own result."""
    given = context.get_input()
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1, max_number_of_attempts=given["attempts"])
    try:
        said = yield context.call_activity_with_retry("flaky", options, given)
    except Exception as error:
        said = str(error).partition("\n")[0]
    after = yield context.call_activity("greet", "after")
    return [said, after]


@app.orchestration_trigger(context_name="context")
def careful_parent(context: Any) -> Steps:
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1, max_number_of_attempts=2)
    try:
        yield context.call_sub_orchestrator_with_retry("reckless", options, {"what": "no luck"}, f"{context.instance_id}~child")
    except Exception as error:
        return str(error)
    return None


@app.orchestration_trigger(context_name="context")
def listener(context: Any) -> Steps:
    value = yield context.wait_for_external_event("go")
    return {"got": value}


@app.orchestration_trigger(context_name="context")
def counter(context: Any) -> Steps:
    """Three generations; the last one waits for an event, which may have come in an earlier one."""
    given = context.get_input()
    context.set_custom_status({"round": given["round"]})
    yield context.call_activity("double", given["round"])
    if given["round"] < 3:
        context.continue_as_new({"round": given["round"] + 1})
        return None
    value = yield context.wait_for_external_event("finish")
    return {"rounds": given["round"], "value": value}


@app.orchestration_trigger(context_name="context")
def cautious(context: Any) -> Steps:
    try:
        yield context.call_activity("fail", "bad")
    except Exception as error:
        return str(error).partition("\n")[0]
    return None


@app.orchestration_trigger(context_name="context")
def reckless(context: Any) -> Steps:
    yield context.call_activity("fail", context.get_input()["what"])


@app.orchestration_trigger(context_name="context")
def buggy(context: Any) -> Steps:
    """Fails by itself, after an activity whose input is nobody's business."""
    yield context.call_activity("greet", context.get_input()["secret"])
    raise KeyError("a bug")


@app.orchestration_trigger(context_name="context")
def misspelt(context: Any) -> Steps:
    yield context.call_activity("gret", "you")


@app.orchestration_trigger(context_name="context")
def loud(context: Any) -> Steps:
    context.set_custom_status("x" * context.get_input()["length"])
    yield context.call_activity("double", 1)


@app.orchestration_trigger(context_name="context")
def patient(context: Any) -> Steps:
    """Calls the activity `call` with `name`, and once more with something else afterwards."""
    given = context.get_input()
    first = yield context.call_activity(given["call"], given["name"])
    second = yield context.call_activity("double", 21)
    return [first, second]


@app.orchestration_trigger(context_name="context")
def family(context: Any) -> Steps:
    """An activity, a timer and a child that fails."""
    yield context.call_activity("spanned", "a")
    yield context.create_timer(context.current_utc_datetime)
    try:
        yield context.call_sub_orchestrator("reckless", {"what": "no"}, f"{context.instance_id}~child")
    except Exception:
        return "caught"
    return None


@app.orchestration_trigger(context_name="context")
def tracing(context: Any) -> Steps:
    first = yield context.call_activity("traces", "")
    second = yield context.call_activity("traces_in_a_thread", "")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def echo(context: Any) -> Steps:
    """What arrives of the input; `strict` typing leaves what looks like a saved object a plain dictionary."""
    yield context.call_activity("double", 1)
    return {"type": type(context.get_input()["value"]).__name__, "value": context.get_input()["value"]}


@app.orchestration_trigger(context_name="context")
def runaway(context: Any) -> Steps:
    given = context.get_input()
    try:
        yield context.call_activity(given["call"], given["how"])
    except Exception as error:
        return str(error).partition("\n")[0]
    return None


@app.orchestration_trigger(context_name="context")
def caller(context: Any) -> Steps:
    """Two HTTP requests of the host's own, with an activity between them: numbers must stay in step."""
    given = context.get_input()
    first = yield context.call_http(given["method"], given["url"], content=given["content"], headers={"X-One": "1"})
    doubled = yield context.call_activity("double", first["statusCode"])
    try:
        yield context.call_http("GET", "http://127.0.0.1:1/")
    except Exception as error:
        return [first, doubled, str(error).partition("\n")[0]]
    return None


@app.orchestration_trigger(context_name="context")
def idle(context: Any) -> Steps:
    yield


@app.orchestration_trigger(context_name="context")
def pretender(context: Any) -> Steps:
    yield context.call_sub_orchestrator("chain", {"name": "a", "number": 1}, "@tally@a")


@app.orchestration_trigger(context_name="context")
def halver(context: Any) -> Steps:
    """Half a character in an id."""
    yield context.call_sub_orchestrator("chain", {"name": "a", "number": 1}, "\ud800")


@app.orchestration_trigger(context_name="context")
def procrastinator(context: Any) -> Steps:
    """Tries again in a billion years."""
    yield context.call_activity_with_retry("fail", df.RetryOptions(10**20, 3), "no luck")


# entities


@app.entity_trigger(context_name="context")
def tally(context: Any) -> None:
    """A sum; `break` raises after it has changed the state."""
    total = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            context.set_state(total + context.get_input())
        case "get":
            context.set_result(total)
        case "set":
            context.set_state(context.get_input())
        case "break":
            raise ValueError("this tally is broken")
        case "forget":
            context.destruct_on_exit()


@app.orchestration_trigger(context_name="context")
def accountant(context: Any) -> Steps:
    """Adds numbers by signals, and reads the sum between two activities: the numbers of the tasks must stay in step."""
    given = context.get_input()
    entity = df.EntityId("Tally", given["key"])
    first = yield context.call_activity("double", 1)
    for number in given["numbers"]:
        context.signal_entity(entity, "add", number)
    total = yield context.call_entity(entity, "get")
    last = yield context.call_activity("double", total)
    return [first, total, last]


@app.orchestration_trigger(context_name="context")
def unlucky_accountant(context: Any) -> Steps:
    try:
        yield context.call_entity(df.EntityId("tally", context.get_input()["key"]), "break")
    except Exception as error:
        return str(error)
    return None


@app.orchestration_trigger(context_name="context")
def lost_accountant(context: Any) -> Steps:
    yield context.call_entity(df.EntityId("abacus", "a"), "get")


# triggers


@app.route(route="client/{method}", auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def call_client(req: func.HttpRequest, client: str) -> func.HttpResponse:
    """One call of the durable client, which the host hands over as JSON and the SDK makes an object of."""
    arguments = req.get_json()
    if "runtime_status" in arguments:
        arguments["runtime_status"] = [df.OrchestrationRuntimeStatus(name) for name in arguments["runtime_status"]]
    if "entityId" in arguments:
        arguments["entityId"] = df.EntityId(*arguments["entityId"])
    try:
        answer = await getattr(client, req.route_params["method"])(**arguments)
    except Exception as error:
        return func.HttpResponse(f"{type(error).__name__}: {error}", status_code=500)
    return func.HttpResponse(json.dumps(plain(answer)), mimetype="application/json")


def plain(answer: Any) -> Any:
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    if hasattr(answer, "instances_deleted"):
        return answer.instances_deleted
    if hasattr(answer, "entity_exists"):
        return {"exists": answer.entity_exists, "state": answer.entity_state}
    return answer.to_json() if hasattr(answer, "to_json") else answer


@app.route(route="hello/{name:alpha}/{rest?}", methods=["GET", "POST"])
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    seen = {"route": dict(req.route_params), "query": dict(req.params), "body": req.get_body().decode(), "header": req.headers.get("X-One")}
    return func.HttpResponse(json.dumps(seen), status_code=201, headers={"X-Two": "2", "Set-Cookie": "a=b"}, mimetype="application/json")


@app.route(route="answer/{kind}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def answer(req: func.HttpRequest):  # type: ignore[no-untyped-def]
    """What a function should not return, but for `str`."""
    return {"dict": {}, "none": None, "bytes": b"x", "tuple": ("x", 200), "number": 1, "str": "x"}[req.route_params["kind"]]


@app.route(route="open", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def anybody(req: func.HttpRequest) -> str:
    return "open"


@app.route(route="setting/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def setting(req: func.HttpRequest) -> str:
    return os.environ.get(req.route_params["name"], "")


@app.route(route="owner", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def owner(req: func.HttpRequest) -> str:
    return "owner"


@app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("this text is for the log")


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_event(event: str, client: df.DurableOrchestrationClient) -> None:
    """Starts an orchestration under the event's id, and fails for an event that says so."""
    given = json.loads(event)
    if given["data"].get("fail"):
        raise RuntimeError("told to")
    await client.start_new("echo", given["id"], {"value": given["data"]["value"]})


@app.timer_trigger(arg_name="timer", schedule="%NIGHTLY%")
async def nightly(timer: func.TimerRequest) -> None:
    note(f"nightly {timer.past_due}")


@app.event_grid_trigger(arg_name="event")
async def talkative(event: func.CloudEvent) -> str:
    """Returns something where nobody takes it, if the event says so; else tells of an extension attribute."""
    note(f"cloud event from {event.source}")
    return "something" if event.subject == "talk" else None  # type: ignore[return-value]


@app.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:01")
async def stubborn(timer: func.TimerRequest, context: func.Context) -> None:
    """Fails until it has been made again once."""
    note(f"stubborn {context.retry_context.retry_count} of {context.retry_context.max_retry_count}")
    if context.retry_context.retry_count == 0:
        raise RuntimeError("not at once")
