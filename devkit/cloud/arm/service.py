"""Azure Resource Manager, for one registry: reading it, importing into it, polling the import.

Source: Registries - Get and Registries - Import Image, api-version 2025-11-01; "Track asynchronous Azure operations" for 202, `Location`
and `Retry-After`. An import has no Azure-AsyncOperation header: a poll answers 202 while it runs, 200 at its end, or how it failed."""

import json
import re

from aiohttp import web

from devkit.cloud.arm.answers import json_answer, metadata
from devkit.cloud.arm.operationurl import OperationUrls
from devkit.cloud.arm.resource import registry_resource
from devkit.cloud.clock import Clock
from devkit.cloud.config import Principal
from devkit.cloud.database import Database
from devkit.cloud.entra.tokens import RevokedToken
from devkit.cloud.errors import ArmRefusal
from devkit.cloud.imports.operations import ImportFailed
from devkit.cloud.imports.request import ImportRequest, InvalidImport
from devkit.cloud.parts import Parts
from devkit.cloud.tokens import InvalidToken
from devkit.cloud.web import IDENTITY

_PROVIDER = "/providers/Microsoft.ContainerRegistry"
REGISTRY = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}{_PROVIDER}/registries/{{registry}}"
OPERATION = f"/subscriptions/{{subscription}}{_PROVIDER}/locations/{{location}}/operationResults/{{operation}}"
READ = "Microsoft.ContainerRegistry/registries/read"
IMPORT = "Microsoft.ContainerRegistry/registries/importImage/action"
POLL = "Microsoft.ContainerRegistry/locations/operationResults/read"
RETRY_AFTER = "10"
_API_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")


class Arm:
    def __init__(self, parts: Parts) -> None:
        self._config = parts.config
        self._entra = parts.entra
        self._importer = parts.importer
        self._asked = parts.asked
        self._writes = parts.arm_writes
        self._switches = parts.unknowns
        self._registry = parts.registry
        self._created = _created(parts.database, parts.clock)
        subscription = parts.config.registry_id.strip("/").split("/")[1]
        self._urls = OperationUrls(parts.config.arm_url, subscription, parts.signer, parts.clock)

    def routes(self) -> list[web.RouteDef]:
        return [
            metadata(self._config),
            web.get(_in_any_case(REGISTRY), self.registry),
            web.post(_in_any_case(f"{REGISTRY}/importImage"), self.import_image),
            web.get(_in_any_case(OPERATION), self.operation),
        ]

    async def registry(self, request: web.Request) -> web.Response:
        self._require(request, READ)
        self._require_registry(request)
        return json_answer(registry_resource(self._config, self._registry.now, self._created))

    async def import_image(self, request: web.Request) -> web.Response:
        """202, `Location`, body `null`; what goes wrong with the copying itself is told to whoever polls."""
        self._require(request, IMPORT)
        self._require_registry(request)
        self._writes.take()
        try:
            body = json.loads(await request.read())
            parsed = ImportRequest.parse(body)
        except (ValueError, RecursionError):
            raise ArmRefusal(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.") from None
        except InvalidImport as invalid:
            raise ArmRefusal(400, "InvalidParameters", f"The import request is invalid: {invalid}.") from None
        try:
            await self._importer.check(parsed)
        except ImportFailed as failed:
            raise ArmRefusal(failed.status, failed.code, failed.said) from None
        return self._running(request, self._importer.begin(body, parsed))

    async def operation(self, request: web.Request) -> web.Response:
        """The URL must be one we signed, and the caller one of the tenant's. Whether it needs an action beyond that is not known (acr.md
        7.1 [?]: the import's caller needs none in practice)."""
        self._require(request, POLL if self._switches.now.operation_read_right == "needed" else None)
        operation = request.match_info["operation"].removeprefix("registries-")
        if not self._urls.is_ours(request.path, request.query):
            raise ArmRefusal(403, "InvalidSignature", "The signature of the operation's URL is not valid.")
        found = self._importer.operations.get(operation)
        if found is None:
            raise ArmRefusal(404, "ResourceNotFound", f"The operation registries-{operation} was not found.")
        if found.error is not None:
            raise ArmRefusal(found.error.status, found.error.code, found.error.message)
        return self._running(request, operation) if found.state == "running" else json_answer(None)

    def _running(self, request: web.Request, operation: str) -> web.Response:
        location = self._urls.signed(operation, request.query["api-version"])
        pause = {"Retry-After": RETRY_AFTER} if self._switches.now.retry_after == "sent" else {}  # acr.md 2.2 [?]
        return json_answer(None, status=202, headers={"Location": location, **pause})

    def _require(self, request: web.Request, action: str | None) -> None:
        """The order of Azure: who are you, is that a version, may you (Azure Resource Manager, "Common error codes")."""
        principal = self._authenticated(request)
        request[IDENTITY] = principal.client_id
        version = request.query.get("api-version")
        if version is None:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmRefusal(400, "MissingApiVersionParameter", message)
        if not _API_VERSION.fullmatch(version):
            raise ArmRefusal(400, "InvalidApiVersionParameter", f"The api-version '{version[:40]}' is invalid.")
        if action is not None and not self._may(principal, action):
            scope = request.path.removesuffix("/importImage")
            message = f"The client '{principal.client_id}' does not have authorization to perform action '{action}' over scope '{scope}'."
            raise ArmRefusal(403, "AuthorizationFailed", message)

    def _may(self, principal: Principal, action: str) -> bool:
        granted = principal.grants.allow(action)
        self._asked.note(action, granted=granted)
        return granted

    def _authenticated(self, request: web.Request) -> Principal:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        try:
            verified = self._entra.verify(token.strip())
        except RevokedToken:
            raise _unauthorized("InvalidAuthenticationToken", "The access token has been revoked.") from None
        except InvalidToken:
            raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.") from None
        if verified.audience != self._config.arm_audience:
            message = f"The access token has been obtained for wrong audience or resource '{verified.audience}'."
            raise _unauthorized("InvalidAuthenticationTokenAudience", message)
        return verified.principal

    def _require_registry(self, request: web.Request) -> None:
        """Resource ids are compared without case."""
        asked = request.path.lower().removesuffix("/importimage")
        if asked != self._config.registry_id.lower():
            group, name = request.match_info["group"], request.match_info["registry"]
            resource = f"Microsoft.ContainerRegistry/registries/{name}"
            raise ArmRefusal(404, "ResourceNotFound", f"The Resource '{resource}' under resource group '{group}' was not found.")


def _in_any_case(path: str) -> str:
    """ARM tells paths apart without case, and its clients write `resourcegroups` as well; aiohttp does not."""
    words = (segment if segment.startswith("{") else f"{{_{place}:(?i:{segment})}}" for place, segment in enumerate(path.split("/")[1:]))
    return "/" + "/".join(words)


def _created(database: Database, clock: Clock) -> str:
    """When the cloud was first started."""
    if (created := database.setting("created")) is None:
        created = clock.text()
        database.keep_setting("created", created)
    return created


def _unauthorized(code: str, message: str) -> ArmRefusal:
    return ArmRefusal(401, code, message, {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{message}"'})
