"""Makes the HTTP requests of orchestrators.

Apart from http.py, which is imported before the app's settings are in the environment: aiohttp reads some when it is imported."""

import json
import logging
import re

import aiohttp

from devkit.host.failure import Failure

log = logging.getLogger("devkit.host")
LONGEST = 100.0  # seconds; HttpClient's default
QUERY = re.compile(r"\?[^\s'\"]+")  # may hold keys


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
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as error:  # some are the app's: a URL or a header that is none
        return Failure("HttpRequestException", QUERY.sub("?...", str(error)) or type(error).__name__, "")
    if answer.status == 202:
        log.warning("a durable HTTP request was answered 202: Azure would poll its Location, the local host hands the 202 on")
    return json.dumps({"statusCode": answer.status, "headers": _headers(answer), "content": content})


def _headers(answer: aiohttp.ClientResponse) -> dict[str, str | list[str]]:
    """A header that came more than once is a list."""
    found = {name: answer.headers.getall(name) for name in answer.headers}
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
