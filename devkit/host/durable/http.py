"""`context.call_http`: a request that the host makes, as the extension does by an activity of its own.

Source: TaskHttpActivityShim and DurableOrchestrationContext.CallHttpAsync in azure-functions-durable-extension. What is left out: tokens of
a managed identity, and following a 202 (Azure asks its Location again, by timers and calls whose numbers the SDK does not know)."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp

from devkit.host.failure import Failure

log = logging.getLogger("devkit.host")
ACTIVITY = "BuiltIn::HttpActivity"
LONGEST = 100.0  # seconds; HttpClient's default


def is_request(action: Mapping[str, Any]) -> bool:
    return "httpRequest" in action


def text_of(action: Mapping[str, Any]) -> str:
    """The activity's input: a list of one request."""
    return json.dumps([action["httpRequest"]])


async def ask(text: str) -> str | Failure:
    """What the SDK gets: a JSON text with statusCode, headers and content."""
    request = json.loads(text)[0]
    if "tokenSource" in request:
        return Failure("NotSupported", "the local host has no managed identity whose token it could send", "")
    headers: dict[str, str] = request.get("headers") or {}
    if request.get("content") and "content-type" not in map(str.lower, headers):
        headers = {"Content-Type": "text/plain", **headers}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(LONGEST), headers=headers) as session,
            session.request(request["method"], request["uri"], data=request.get("content")) as answer,
        ):
            content = await answer.text()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Failure("HttpRequestException", str(error) or type(error).__name__, "")
    if answer.status == 202:
        log.warning("a durable HTTP request was answered 202: Azure would poll its Location, the local host hands the 202 on")
    return json.dumps({"statusCode": answer.status, "headers": _headers(answer), "content": content})


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str | list[str]]:
    """A header that came more than once is a list."""
    found = {name: answer.headers.getall(name) for name in answer.headers}
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
