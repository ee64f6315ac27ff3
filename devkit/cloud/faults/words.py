"""A status in the words of the service that would answer it."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from aiohttp import web

from devkit.cloud.errors import ArmRefusal, EntraRefusal, Refusal, RegistryRefusal
from devkit.cloud.faults.kinds import Status
from devkit.cloud.registry.dataendpoint import StorageRefusal

_REGISTRY = {401: "UNAUTHORIZED", 403: "DENIED", 404: "NOT_FOUND", 405: "UNSUPPORTED", 429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}
_ARM = {
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
_VAULT = {401: "Unauthorized", 403: "Forbidden", 404: "SecretNotFound", 429: "Throttled"}
_STORAGE = {403: "AuthenticationFailed", 404: "BlobNotFound", 429: "ServerBusy", 503: "ServerBusy"}  # Blob service, "error codes"
_REASONS = {429: "Too many requests", 500: "Internal server error", 502: "Bad gateway", 503: "Service unavailable", 504: "Gateway timeout"}


def response(service: str, fault: Status) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(ceil(fault.retry_after))}
    reason = fault.message or _REASONS.get(fault.status, "The request was refused")
    if fault.html:  # what a proxy says of a service that it never asked
        page = f"<html><head><title>{fault.status}</title></head><body><h1>{fault.status} {reason}</h1><hr>proxy</body></html>\n"
        return web.Response(status=fault.status, text=page, content_type="text/html", headers=headers)
    answer = _refusal(service, fault.status, fault.code, reason).response()
    answer.headers.update(headers)
    return answer


def _refusal(service: str, status: int, code: str | None, reason: str) -> Refusal:
    match service:
        case "registry":
            return RegistryRefusal(status, code or _REGISTRY.get(status, "UNKNOWN"), reason.lower())
        case "entra":  # "Microsoft Entra authentication error codes": AADSTS90033 is a transient error, 90055 too many requests
            error, number = ("temporarily_unavailable", 90033) if status >= 500 or status == 429 else ("invalid_request", 90015)
            return EntraRefusal(status, code or error, 90055 if status == 429 else number, f"{reason}.")
        case "identity":  # App Service, "Use managed identities": its own form
            return Refusal(status, _identity(status, reason))
        case "vault":
            return ArmRefusal(status, code or _VAULT.get(status, _ARM.get(status, "BadParameter")), f"{reason}.")
        case "data":
            return StorageRefusal(status, code or _STORAGE.get(status, "InternalError"), f"{reason}.")
    return ArmRefusal(status, code or _ARM.get(status, "BadRequest"), f"{reason}.")


def _identity(status: int, reason: str) -> Mapping[str, Any]:
    return {"statusCode": status, "message": f"{reason}.", "correlationId": "00000000-0000-0000-0000-000000000000"}
