"""What the parts of the control API share: bodies in, answers out."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from devkit.cloud.clock import MOST_ADVANCE, Clock
from devkit.cloud.config.reading import number


async def json_object(request: web.Request) -> dict[str, Any]:
    """Raises 400."""
    try:
        value = json.loads(await request.read())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return value


def end_asked_for(value: Mapping[str, Any], clock: Clock) -> float | None:
    """The moment that `expiresInSeconds` means, by the clock's wall; None without a number: never. Raises `ValueError`."""
    lasts = value.get("expiresInSeconds")
    return None if lasts is None else clock.wall() + number(lasts, "expiresInSeconds", least=0, most=MOST_ADVANCE)


def refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
