"""Applications and managed identities: their secrets, whether they are disabled, and what becomes of the tokens they have."""

from aiohttp import web

from devkit.cloud.config.reading import text
from devkit.cloud.control.answers import end_asked_for, json_object
from devkit.cloud.entra.apps import App
from devkit.cloud.parts import Parts

APP = "/control/apps/{client}"


def routes(parts: Parts) -> list[web.RouteDef]:
    apps, clock = parts.entra.apps, parts.clock

    async def show(_: web.Request) -> web.Response:
        return web.json_response(apps.to_json())

    async def change(request: web.Request) -> web.Response:
        app, value = found(request), await json_object(request)
        if not isinstance(value.get("disabled"), bool):
            raise ValueError("disabled must be true or false")
        app.disabled = value["disabled"]
        return web.json_response(app.to_json())

    async def set_secret(request: web.Request) -> web.Response:
        """`{"value"?, "expiresInSeconds"?}`: a new secret, or one that is there with another end; without a number it has none."""
        app, value = found(request), await json_object(request)
        app.set_secret(request.match_info["secret"], text(value, "value") if "value" in value else None, end_asked_for(value, clock))
        return web.json_response(app.to_json())

    async def remove_secret(request: web.Request) -> web.Response:
        app = found(request)
        if not app.remove_secret(request.match_info["secret"]):
            raise web.HTTPNotFound(reason="it has no secret of that name")
        return web.json_response(app.to_json())

    async def revoke(request: web.Request) -> web.Response:
        """Every Entra token issued until now; what a registry has given in exchange for one lives on, as in Azure."""
        app = found(request)
        app.revoke()
        return web.json_response(app.to_json())

    def found(request: web.Request) -> App:
        app = apps.find(request.match_info["client"])
        if app is None:
            raise web.HTTPNotFound(reason="the tenant has no such application or identity")
        return app

    return [
        web.get("/control/apps", show),
        web.put(APP, change),
        web.put(APP + "/secrets/{secret}", set_secret),
        web.delete(APP + "/secrets/{secret}", remove_secret),
        web.post(APP + "/revocation", revoke),
    ]
