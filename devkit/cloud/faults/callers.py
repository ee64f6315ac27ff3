"""Whom a request claims to come from, before anybody has proven it: enough to choose whom a fault befalls, never to let anybody in."""

import base64
import json

from aiohttp import web


async def claimed(request: web.Request) -> str:
    """A repository token's name, or a client id; "" if there is none."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return _bearer(value)
    if kind.lower() == "basic":
        return _basic(value)
    asks_for_token = request.path.startswith("/oauth2/") or request.path.endswith("/oauth2/v2.0/token")
    if request.method != "POST" or not asks_for_token or request.content_type != "application/x-www-form-urlencoded":
        return ""  # another's body is its handler's alone
    form = await request.post()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    token = given.get("refresh_token") or given.get("access_token")
    return given.get("client_id") or given.get("username") or (_bearer(token) if token else "")


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except ValueError:  # binascii.Error is one
        return ""


def _bearer(token: str) -> str:
    """Of a JSON Web Token of this cloud's registry, or of its Entra."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("sub") or claims.get("appid") or "")
    except (IndexError, ValueError, AttributeError, RecursionError):  # binascii's and json's errors are ValueErrors
        return ""
