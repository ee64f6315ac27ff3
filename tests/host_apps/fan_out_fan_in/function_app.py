"""Fan-out/fan-in: an upload of many documents is announced by Event Grid; their words are counted all at once, then summed up.

The setting SERVICES is the address of the document store."""

import json
import os
from collections.abc import Generator
from typing import Any
from urllib.request import Request, urlopen

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def uploaded(event: func.EventGridEvent, client: df.DurableOrchestrationClient) -> None:
    """Event Grid delivers at least once: an event that comes again finds its instance."""
    if not await client.get_status(event.id):
        await client.start_new("count_words", instance_id=event.id, client_input=event.get_json())


@app.orchestration_trigger(context_name="context")
def count_words(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    given: Any = context.get_input()
    folder = given["folder"]
    names = yield context.call_activity("list_documents", folder)
    counts: list[int] = []
    if names:  # `task_all` of nothing gives None
        tasks = [context.call_activity("count_words_in", {"folder": folder, "name": name}) for name in names]
        counts = yield context.task_all(tasks)
    report = {"folder": folder, "words": dict(zip(names, counts, strict=True)), "total": sum(counts)}
    yield context.call_activity("publish", report)
    return report


@app.activity_trigger(input_name="folder")
def list_documents(folder: str) -> list[str]:
    return list(ask(f"/folders/{folder}"))


@app.activity_trigger(input_name="document")
def count_words_in(document: dict) -> int:
    return len(ask(f"/documents/{document['name']}/{document['folder']}")["text"].split())


@app.activity_trigger(input_name="report")
def publish(report: dict) -> None:
    ask(f"/reports/{report['folder']}", report)


def ask(path: str, value: Any = None) -> Any:
    """A GET, or a POST of `value`. Blocks, so activities that call it are `def` and run in threads of their own."""
    body = None if value is None else json.dumps(value).encode()
    with urlopen(Request(os.environ["SERVICES"] + path, body)) as answer:
        return json.load(answer)
