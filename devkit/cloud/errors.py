"""A refusal in the words of the service that gives it. Handlers raise; `web.py` turns it into the answer."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from aiohttp import web

from devkit.cloud import times

WALL: ContextVar[Callable[[], float]] = ContextVar("wall", default=time.time)  # by the cloud that answers, seconds since the epoch


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        text = json.dumps(self.body, separators=(",", ":"))
        return web.Response(status=self.status, text=text, content_type="application/json", headers=self.headers)


class RegistryRefusal(Refusal):
    """distribution-spec, "Error Codes": `{"errors": [{code, message, detail}]}`."""

    def __init__(self, status: int, code: str, message: str, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, {"errors": [{"code": code, "message": message, "detail": detail}]}, headers)


class ArmRefusal(Refusal):
    """Azure Resource Manager, "Common error response": `{"error": {code, message}}`."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, {"error": {"code": code, "message": message}}, headers)


class EntraRefusal(Refusal):
    """Microsoft identity platform, "Error response example" of the client credentials flow."""

    def __init__(self, status: int, error: str, number: int, message: str) -> None:
        trace, correlation, at = uuid.uuid4(), uuid.uuid4(), times.rfc3339(int(WALL.get()() * 1e9), digits=7)[:19].replace("T", " ") + "Z"
        description = f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
        body = {
            "error": error,
            "error_description": description,
            "error_codes": [number],
            "timestamp": at,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
        }
        super().__init__(status, body)


def unexpected_by_registry(status: int, reason: str) -> Refusal:
    """What HTTP itself refused (no such route, body too large) or a bug of ours."""
    codes = {404: "NOT_FOUND", 405: "UNSUPPORTED", 413: "SIZE_INVALID"}
    return RegistryRefusal(status, codes.get(status, "UNKNOWN"), reason.lower())


def unexpected_by_arm(status: int, reason: str) -> Refusal:
    codes = {404: "InvalidResourceType", 405: "MethodNotAllowed", 413: "RequestEntityTooLarge", 500: "InternalServerError"}
    return ArmRefusal(status, codes.get(status, "BadRequest"), f"{reason}.")


def unexpected_by_entra(status: int, reason: str) -> Refusal:
    return EntraRefusal(status, "invalid_request", 900561 if status == 405 else 90015, f"{reason}.")
