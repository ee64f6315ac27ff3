"""The registry's tokens: generated again, given an end, disabled. Passwords are set and never shown."""

from aiohttp import web

from devkit.cloud.clock import MOST_ADVANCE
from devkit.cloud.config.identities import SLOTS, STATUSES
from devkit.cloud.config.reading import choice, number, text
from devkit.cloud.control.answers import end_asked_for, json_object
from devkit.cloud.identities.repositorytokens import Token
from devkit.cloud.parts import Parts

TOKEN = "/control/tokens/{name}"  # noqa: S105  # a path
PASSWORD = TOKEN + "/passwords/{slot}"


def routes(parts: Parts) -> list[web.RouteDef]:
    tokens, clock = parts.directory.tokens, parts.clock

    async def show(_: web.Request) -> web.Response:
        return web.json_response(tokens.to_json())

    async def change(request: web.Request) -> web.Response:
        token, value = found(request), await json_object(request)
        token.set_status(choice(value, "status", STATUSES))
        return web.json_response(token.to_json())

    async def set_password(request: web.Request) -> web.Response:
        """`{"value"?, "expiresInSeconds"?, "afterSeconds"?}`: generated again, or one that is there with another end; without a number it
        has none. `afterSeconds`: until then the old one is the one that counts."""
        token, value = found(request), await json_object(request)
        expiry = end_asked_for(value, clock)
        after = number(value.get("afterSeconds", 0), "afterSeconds", least=0, most=MOST_ADVANCE)
        token.set_password(slot(request), text(value, "value") if "value" in value else None, expiry, after=after)
        return web.json_response(token.to_json())

    async def remove_password(request: web.Request) -> web.Response:
        token = found(request)
        if not token.remove_password(slot(request)):
            raise web.HTTPNotFound(reason="it has no such password")
        return web.json_response(token.to_json())

    def found(request: web.Request) -> Token:
        token = tokens.find(request.match_info["name"])
        if token is None:
            raise web.HTTPNotFound(reason="the registry has no such token")
        return token

    def slot(request: web.Request) -> str:
        return choice(request.match_info, "slot", SLOTS)

    return [
        web.get("/control/tokens", show),
        web.put(TOKEN, change),
        web.put(PASSWORD, set_password),
        web.delete(PASSWORD, remove_password),
    ]
