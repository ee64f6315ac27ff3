"""Entra ID's token endpoint for one tenant: the client credentials flow with a client secret.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow"; error numbers: "Microsoft Entra authentication error codes"."""

import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from devkit.cloud.config import CloudConfig, Principal
from devkit.cloud.errors import EntraRefusal
from devkit.cloud.tokens import InvalidToken, Signer
from devkit.cloud.web import IDENTITY


@dataclass(frozen=True, slots=True)
class EntraToken:
    audience: str
    principal: Principal


class Entra:
    def __init__(self, config: CloudConfig, signer: Signer) -> None:
        self._config = config
        self._signer = signer
        self._issuer = f"{config.entra_url}/{config.tenant_id}/"
        self._audiences = {config.arm_audience, config.acr_audience}
        self._principals = {principal.client_id.lower(): principal for principal in config.principals}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", self.configuration),
            web.post("/{tenant}/oauth2/v2.0/token", self.token),
        ]

    async def configuration(self, request: web.Request) -> web.Response:
        """OpenID Connect discovery, which MSAL asks before its first token."""
        tenant = self._require_tenant(request)
        base = f"{self._config.entra_url}/{tenant}"
        return _json(
            {
                "issuer": f"{base}/v2.0",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "response_types_supported": ["code", "id_token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def token(self, request: web.Request) -> web.Response:
        self._require_tenant(request)
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if _required(form, "grant_type") != "client_credentials":
            raise EntraRefusal(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        principal = self._authenticated(form)
        audience = self._audience(_required(form, "scope"))
        request[IDENTITY] = principal.client_id
        lifetime = self._config.lifetimes.entra_seconds
        claims = {"iss": self._issuer, "aud": audience, "appid": principal.client_id, "tid": self._config.tenant_id}
        token = self._signer.token({**claims, "idtyp": "app", "uti": str(uuid.uuid4()), "ver": "1.0"}, lifetime=lifetime)
        seconds = int(lifetime)
        return _json({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token})

    def verify(self, token: str) -> EntraToken:
        """For the services that accept this tenant's tokens; whether the audience is theirs, they judge. Raises `InvalidToken`."""
        claims = self._signer.claims(token, issuer=self._issuer)
        principal = self._principals.get(str(claims.get("appid")).lower())
        if claims.get("tid") != self._config.tenant_id or principal is None:
            raise InvalidToken
        return EntraToken(str(claims["aud"]), principal)

    def _require_tenant(self, request: web.Request) -> str:
        tenant = request.match_info["tenant"]
        if tenant.lower() != self._config.tenant_id.lower():
            message = f"Tenant '{tenant}' not found. Check that you have the correct tenant ID and are signing into the correct cloud."
            raise EntraRefusal(400, "invalid_tenant", 90002, message)
        return tenant

    def _authenticated(self, form: Mapping[str, str]) -> Principal:
        client = _required(form, "client_id")
        principal = self._principals.get(client.lower())
        if principal is None:
            message = f"Application with identifier '{client}' was not found in the directory '{self._config.tenant_id}'."
            raise EntraRefusal(400, "unauthorized_client", 700016, message)
        if "client_secret" not in form:
            message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise EntraRefusal(401, "invalid_client", 7000218, message)
        if not hmac.compare_digest(form["client_secret"].encode(), principal.client_secret.encode()):
            message = "Invalid client secret provided. Ensure the secret being sent is the client secret value, not the client secret ID."
            raise EntraRefusal(401, "invalid_client", 7000215, message)
        return principal

    def _audience(self, scope: str) -> str:
        resource, default, rest = scope.partition("/.default")
        if not default or rest:
            message = f"The provided value for scope {scope} is not valid. It must be a resource identifier followed by /.default."
            raise EntraRefusal(400, "invalid_scope", 1002012, message)
        audience = resource.rstrip("/")
        if audience not in self._audiences:
            message = f"The resource principal named {resource} was not found in the tenant named {self._config.tenant_id}."
            raise EntraRefusal(400, "invalid_resource", 500011, message)
        return audience


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise EntraRefusal(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    return form[name]


def _json(value: Mapping[str, Any]) -> web.Response:
    return web.Response(text=json.dumps(value), content_type="application/json", headers={"Cache-Control": "no-store, no-cache"})
