"""A stack whose app is small enough to start at once: it keeps each event that it is sent."""

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devkit.local.endpoints import Endpoints, Registry

HOST_JSON = {"version": "2.0", "extensions": {"durableTask": {"hubName": "%TASK_HUB_NAME%"}}}
SMALL_APP = """
import json, os, pathlib
import azure.functions as func

print("the small app is loaded", flush=True)
app = func.FunctionApp()
events = []

@app.event_grid_trigger(arg_name="event")
def on_image_event(event: str):
    events.append(json.loads(event)["subject"])

@app.route("seen", auth_level=func.AuthLevel.FUNCTION)
def seen(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({"pid": os.getpid(), "events": events, "settings": dict(os.environ)}))
"""


def write_app(folder: Path, source: str = SMALL_APP) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "function_app.py").write_text(source)
    (folder / "host.json").write_text(json.dumps(HOST_JSON))
    return folder


def fetch(url: str, headers: Mapping[str, str]) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as response:
        return json.load(response)


def seen(endpoints: Endpoints) -> Any:
    """What the small app knows."""
    return fetch(f"{endpoints.app.url}/api/seen", {"x-functions-key": endpoints.app.key})


def control(registry: Registry, what: str) -> Any:
    return fetch(f"{registry.control.url}/control/{what}", {"x-control-key": registry.control.key})
