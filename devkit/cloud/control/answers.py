"""What the parts of the control API share: bodies in, answers out."""

import json
from typing import Any

from aiohttp import web


async def json_object(request: web.Request) -> dict[str, Any]:
    """Raises 400."""
    try:
        value = json.loads(await request.read())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return value


def refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
