"""The vault's secrets, for who has no right of Azure's to them: a rotation, a secret disabled, deleted or back."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from devkit.cloud.config.reading import text
from devkit.cloud.config.vault import is_secret_name
from devkit.cloud.control.answers import json_object
from devkit.cloud.parts import Parts
from devkit.cloud.vault.secrets import Attributes, Version

SECRET = "/control/vault/{name}"  # noqa: S105  # a path


def routes(parts: Parts) -> list[web.RouteDef]:
    secrets = parts.vault_secrets

    async def show(_: web.Request) -> web.Response:
        live, gone = secrets.latest(0, -1), secrets.all_deleted(0, -1)
        return web.json_response([_shown(one, deleted=False) for one in live] + [_shown(one.latest, deleted=True) for one in gone])

    async def change(request: web.Request) -> web.Response:
        """`{"value"?, "enabled"?}`: a new version, and whether the latest may be read. Brings a deleted one back."""
        name, body = request.match_info["name"], await json_object(request)
        value, enabled = text(body, "value") if "value" in body else None, body.get("enabled")
        if not is_secret_name(name) or not isinstance(enabled, bool | None):
            raise ValueError("a secret's name has letters, digits and hyphens; enabled is true or false")
        if secrets.deleted(name):
            secrets.recover(name)
        latest = secrets.set(name, value, Attributes()) if value is not None else secrets.get(name)
        if latest is None:
            raise web.HTTPNotFound(reason="the vault has no such secret")
        if enabled is not None:
            secrets.update(latest, replace(latest.attributes, enabled=enabled))
        return await show(request)

    async def delete(request: web.Request) -> web.Response:
        found = secrets.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound(reason="the vault has no such secret")
        secrets.delete(found.name)
        return await show(request)

    return [web.get("/control/vault", show), web.put(SECRET, change), web.delete(SECRET, delete)]


def _shown(one: Version, *, deleted: bool) -> dict[str, Any]:
    return {"name": one.name, "version": one.version, "enabled": one.attributes.enabled, "deleted": deleted}
