"""The vault as a web application: one handler for one operation of the REST reference.

`nbf` and `exp` are for information: a secret outside of them is still answered ("About Azure Key Vault secrets", date-time controlled
operations; seen so in Azure/AzureKeyVault#19). A disabled one is not, and no older version takes its place."""

from aiohttp import web

from devkit.cloud.config import VaultConfig
from devkit.cloud.config.vault import is_secret_name
from devkit.cloud.faults.imposing import middlewares
from devkit.cloud.parts import Parts
from devkit.cloud.vault import access, refusals
from devkit.cloud.vault.access import VaultAccess
from devkit.cloud.vault.bundles import Bundles, asked_page, attributes_in, body_of, value_in
from devkit.cloud.vault.secrets import Attributes, Secrets, Version

LARGEST_BODY = 256 * 1024  # a value of 25 KiB with every character escaped, and room for its tags


def vault_app(parts: Parts, vault: VaultConfig, secrets: Secrets) -> web.Application:
    handlers = Vault(VaultAccess(parts.config, vault, parts.entra), secrets, Bundles(parts.config.vault_url))
    app = web.Application(middlewares=middlewares("vault", parts, refusals.unexpected_by_vault), client_max_size=LARGEST_BODY)
    app.add_routes(handlers.routes())
    app.on_response_prepare.append(_stamp)
    return app


async def _stamp(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["x-ms-keyvault-region"] = "local"
    response.headers["Cache-Control"] = "no-cache"


class Vault:
    def __init__(self, access: VaultAccess, secrets: Secrets, bundles: Bundles) -> None:
        self._access = access
        self._secrets = secrets
        self._bundles = bundles

    def routes(self) -> list[web.RouteDef]:
        """A path that ends with a slash names no version: that is what Azure's own clients send."""
        secret, deleted = "/secrets/{name}", "/deletedsecrets/{name}"
        return [
            web.get("/secrets", self.all),
            web.get(secret, self.get),
            web.get(secret + "/", self.get),
            web.get(secret + "/versions", self.versions),
            web.get(secret + "/{version}", self.get),
            web.put(secret, self.set),
            web.patch(secret + "/", self.update),
            web.patch(secret + "/{version}", self.update),
            web.delete(secret, self.delete),
            web.get("/deletedsecrets", self.all_deleted),
            web.get(deleted, self.get_deleted),
            web.post(deleted + "/recover", self.recover),
        ]

    async def get(self, request: web.Request) -> web.Response:
        self._access.require(request, access.GET)
        found = self._found(request)
        if not found.attributes.enabled:
            raise refusals.disabled()
        return web.json_response(self._bundles.secret(found, value=True))

    async def versions(self, request: web.Request) -> web.Response:
        self._access.require(request, access.READ_METADATA)
        after, count = asked_page(request)
        found = self._secrets.versions(request.match_info["name"], after, count + 1)
        return self._bundles.page(request, found, count, lambda one: one.number, self._bundles.secret)

    async def all(self, request: web.Request) -> web.Response:
        self._access.require(request, access.READ_METADATA)
        after, count = asked_page(request)
        found = self._secrets.latest(after, count + 1)
        return self._bundles.page(request, found, count, lambda one: one.number, lambda one: self._bundles.secret(one, version=False))

    async def set(self, request: web.Request) -> web.Response:
        self._access.require(request, access.SET)
        name, body = request.match_info["name"], await body_of(request)
        if not is_secret_name(name):
            raise refusals.bad_parameter(f"The request URI contains an invalid name: {name[:200]}")
        value, attributes = value_in(body), attributes_in(body, Attributes())
        if self._secrets.deleted(name):
            raise refusals.deleted(name)
        return web.json_response(self._bundles.secret(self._secrets.set(name, value, attributes), value=True))

    async def update(self, request: web.Request) -> web.Response:
        """Of one version, without its value."""
        self._access.require(request, access.UPDATE)
        found = self._found(request)
        self._secrets.update(found, attributes_in(await body_of(request), found.attributes))
        return web.json_response(self._bundles.secret(self._found(request)))

    async def delete(self, request: web.Request) -> web.Response:
        self._access.require(request, access.DELETE)
        self._secrets.delete(self._found(request).name)
        return self._deleted(request)

    async def get_deleted(self, request: web.Request) -> web.Response:
        self._access.require(request, access.READ_METADATA)
        return self._deleted(request)

    async def all_deleted(self, request: web.Request) -> web.Response:
        self._access.require(request, access.READ_METADATA)
        after, count = asked_page(request)
        found = self._secrets.all_deleted(after, count + 1)
        return self._bundles.page(
            request, found, count, lambda one: one.latest.number, lambda one: self._bundles.deleted(one, version=False)
        )

    async def recover(self, request: web.Request) -> web.Response:
        self._access.require(request, access.RECOVER)
        name = request.match_info["name"]
        if self._secrets.deleted(name) is None:
            raise refusals.not_deleted(name)
        self._secrets.recover(name)
        return web.json_response(self._bundles.secret(self._found(request)))

    def _deleted(self, request: web.Request) -> web.Response:
        found = self._secrets.deleted(request.match_info["name"])
        if found is None:
            raise refusals.not_deleted(request.match_info["name"])
        return web.json_response(self._bundles.deleted(found))

    def _found(self, request: web.Request) -> Version:
        name = request.match_info["name"]
        found = self._secrets.get(name, request.match_info.get("version"))
        if found is None:
            raise refusals.not_found(name)
        return found
