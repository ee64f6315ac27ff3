"""What every answer of ARM carries, and its metadata, which anybody may read (acr.md 2.2, 4.1)."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig
from devkit.cloud.errors import ArmRefusal

REMAINING = {"reads": "16499", "writes": "1199"}  # as recorded, of a caller that is far from its limits; these never run out here
OLD = "2015-01-01"  # of the metadata: Azure Stack Hub's form
NOWHERE = "https://{}.invalid"  # RFC 6761: what a local cloud does not have

Stamp = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def json_answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=json.dumps(value), content_type="application/json", headers=headers)


def stamp(clock: Clock) -> Stamp:
    async def stamp(request: web.Request, response: web.StreamResponse) -> None:
        correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
        kind = "reads" if request.method in {"GET", "HEAD"} else "writes"
        response.headers["x-ms-request-id"] = str(uuid.uuid4())
        response.headers["x-ms-correlation-request-id"] = correlation
        at = datetime.fromtimestamp(clock.wall(), UTC)
        response.headers["x-ms-routing-request-id"] = f"LOCAL:{at:%Y%m%dT%H%M%SZ}:{correlation}"
        response.headers[f"x-ms-ratelimit-remaining-subscription-{kind}"] = REMAINING[kind]

    return stamp


def metadata(config: CloudConfig) -> web.RouteDef:
    async def endpoints(request: web.Request) -> web.Response:
        version = request.query.get("api-version")
        if version is None:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmRefusal(400, "MissingApiVersionParameter", message)
        return json_answer(_old(config) if version == OLD else [_new(config)])

    return web.get("/metadata/endpoints", endpoints)


def _new(config: CloudConfig) -> dict[str, Any]:
    authentication = {
        "loginEndpoint": config.entra_url,
        "audiences": [config.arm_audience],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    return {
        "name": config.azure.name,
        "portal": NOWHERE.format("portal"),
        "authentication": authentication,
        "graph": NOWHERE.format("graph"),
        "graphAudience": NOWHERE.format("graph"),
        "resourceManager": config.arm_url,
        "suffixes": {"acrLoginServer": "localhost", "keyVaultDns": "localhost", "storage": "storage.invalid"},
    }


def _old(config: CloudConfig) -> dict[str, Any]:
    return {
        "galleryEndpoint": NOWHERE.format("gallery"),
        "graphEndpoint": NOWHERE.format("graph"),
        "portalEndpoint": NOWHERE.format("portal"),
        "authentication": {"loginEndpoint": config.entra_url, "audiences": [config.arm_audience]},
    }
