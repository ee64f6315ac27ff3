"""The endpoint at which an App Service app asks for tokens of its managed identities, over plain HTTP on this machine alone.

Source: "How to use managed identities for App Service and Azure Functions", REST endpoint reference. What it says of errors is little:
the texts are those of public reports, and the status for a wrong header is a guess."""

import hmac
import uuid

from aiohttp import web

from devkit.cloud.clock import Clock
from devkit.cloud.config import ManagedIdentity
from devkit.cloud.config.managedidentity import AssignedIdentity
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.errors import Refusal
from devkit.cloud.web import IDENTITY

PATH = "/msi/token"
API_VERSION = "2019-08-01"


class IdentityRefusal(Refusal):
    """`{"statusCode", "message", "correlationId"}`, which MSAL quotes as it is."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())})


class IdentityEndpoint:
    def __init__(self, settings: ManagedIdentity, clock: Clock, tokens: EntraTokens, lifetime: float) -> None:
        """`lifetime` of its tokens, in seconds."""
        self._settings = settings
        self._clock = clock
        self._tokens = tokens
        self._lifetime = lifetime

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.token, allow_head=False)]

    async def token(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), self._settings.header.encode()):
            raise IdentityRefusal(401, "The header X-IDENTITY-HEADER is missing or not that of this app.")
        if request.query.get("api-version") != API_VERSION:
            raise IdentityRefusal(400, f"The api-version is missing or not supported. The supported version is '{API_VERSION}'.")
        resource = request.query.get("resource", "")
        if not resource:
            raise IdentityRefusal(400, "The parameter 'resource' is required.")
        found, audience = self._asked(request), self._tokens.audience(resource)
        app = self._tokens.apps.find(found.principal.client_id) if found else None
        if app is None:
            # Azure-Samples/azure-search-openai-demo#2148
            message = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            raise IdentityRefusal(400, message)
        if audience is None or app.disabled:
            # msal 1.39, managed_identity.py: a resource that Entra does not know ends with a vague 500
            raise IdentityRefusal(500, "An unexpected error occured while fetching the AAD Token.")
        client = request[IDENTITY] = app.principal.client_id
        token = self._tokens.issue(app, audience, proof="2", lifetime=self._lifetime)
        expires = str(int(self._clock.wall() + self._lifetime))
        answer = {"access_token": token, "expires_on": expires, "resource": resource, "token_type": "Bearer", "client_id": client}
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    def _asked(self, request: web.Request) -> AssignedIdentity | None:
        """By client, object or resource id; a request that names none means the system-assigned one."""
        query = request.query
        wanted = {
            "client_id": query.get("client_id"),
            "principal_id": query.get("principal_id") or query.get("object_id"),  # the latter by MSAL
            "mi_res_id": query.get("mi_res_id"),
        }
        named = {name: value.lower() for name, value in wanted.items() if value}
        for one in self._settings.identities:
            ids = {"client_id": one.principal.client_id, "principal_id": one.principal.object_id, "mi_res_id": one.resource_id or ""}
            if all(ids[name].lower() == value for name, value in named.items()) if named else one.system:
                return one
        return None


def unexpected_by_identity(status: int, reason: str) -> Refusal:
    return IdentityRefusal(status, f"{reason}.")
