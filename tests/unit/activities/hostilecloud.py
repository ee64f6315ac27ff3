"""A source registry, and a target's cloud and store, that answer rightly but for what a test has them answer. Over TLS on localhost, by
hand, since no HTTP library would send what some of it is."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, digest_of
from tests.unit.activities.deviations import ELSEWHERE, Deviation, changed

ENTRA, REFRESH, ACCESS = "canary-Entra-token-1", "canary-Refresh-token-2", "canary-Access-token-3"
OPERATION = "/subscriptions/s/providers/Microsoft.ContainerRegistry/locations/x/operationResults/registries-1?api-version=2025-11-01&t=1"
ROW = {"run": "one", "generation": "g", "since": "2026-01-02T03:04:05+00:00"}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def told(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


class Host:
    """Answers the requests of one side. `plan`: what becomes of each answer, in order; after the last, all are good."""

    def __init__(self, *, has: bool) -> None:
        self.has = has  # whether manifests are there
        self.manifests: dict[str, tuple[bytes, str]] = {}  # by reference
        self.plan: list[Deviation | None] = []
        self.elsewhere = ""
        self.asked: list[str] = []
        self.port = 0

    async def listen(self, tls: TlsFiles) -> asyncio.Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while await self._answer(reader, writer):
                pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        length = next((int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:")), 0)
        await reader.readexactly(length)
        self.asked.append(f"{method} {target}")
        good, deviation = self._good(method, target), self.plan.pop(0) if self.plan else None
        if deviation is None:
            writer.write(_bytes(good, method))
            await writer.drain()
            return True
        writer.write(self._deviating(good, deviation, method))
        await writer.drain()
        return False

    def _deviating(self, good: Reply, deviation: Deviation, method: str) -> bytes:
        if deviation.raw is not None:
            return deviation.raw
        body = good.body if deviation.body is None else deviation.body
        if deviation.changes:
            body = json.dumps(changed(json.loads(body or b"{}"), deviation.changes)).encode()
        headers = {**good.headers, **deviation.headers}
        reply = Reply(deviation.status or good.status, body, headers)
        return _bytes(reply, method, close=True).replace(ELSEWHERE.encode(), self.elsewhere.encode())

    def _good(self, method: str, target: str) -> Reply:
        path = target.partition("?")[0]
        match method, path.strip("/").split("/"):
            case _, [_, "oauth2", "v2.0", "token"]:
                return told({"token_type": "Bearer", "expires_in": 3600, "access_token": ENTRA})
            case "POST", ["oauth2", "exchange"]:
                return told({"refresh_token": REFRESH})
            case _, ["oauth2", "token"]:
                return told({"access_token": ACCESS, "expires_in": 3600})
            case _, ["v2", *_, "manifests", reference]:
                return self._manifest(method, reference)
            case _, ["acr", "v1", *_, "_tags"]:
                tags = [{"name": "v1", "digest": next(iter(self.manifests), "")}]
                return told({"registry": "r", "imageName": "team/app", "tags": tags})
            case _, ["acr", "v1", *_]:
                return told({"changeableAttributes": {"writeEnabled": True, "deleteEnabled": True, "readEnabled": True}})
            case "POST", [*_, "importImage"]:
                return told(None, 202, Location=f"https://localhost:{self.port}{OPERATION}")
            case _, ["subscriptions", *_, _] if "operationResults" in path:
                return told(None)
            case _, ["subscriptions", *_]:
                return told({"properties": {"policies": {"softDeletePolicy": {"status": "enabled"}}}})
            case "GET", ["contoso", "ReplicationIntents()"]:
                return told({"value": []})
            case "GET", ["contoso", *_]:
                return told({"odata.etag": "W/1", **ROW}, ETag="W/1")
            case _:
                return Reply(204, headers={"ETag": "W/1"})

    def _manifest(self, method: str, reference: str) -> Reply:
        held = self.manifests.get(reference)
        if method == "PUT":
            return Reply(201)
        if method == "DELETE":
            return Reply(202)
        if held is None or not self.has:
            return told({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}, 404)
        content, media_type = held
        return Reply(200, content, {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)})


def _bytes(reply: Reply, method: str, *, close: bool = False) -> bytes:
    headers = {"Content-Length": str(len(reply.body)), **({"Connection": "close"} if close else {}), **reply.headers}
    if reply.status == 204:
        del headers["Content-Length"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} so\r\n{lines}\r\n".encode("latin-1") + (b"" if method == "HEAD" or reply.status == 204 else reply.body)


def tree(oddities: Sequence[tuple[tuple[int, Any], ...]]) -> tuple[str, dict[str, tuple[bytes, str]]]:
    """The digest of an index of two images and of another index, and all their bytes by digest and, for the index, by the tag v1. With
    `oddities`, what the index says is changed: whoever may push to the source can store that, and it hashes to its digest."""
    images = [json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {}, "layers": [{"n": n}]}).encode() for n in range(3)]
    inner = _index([(images[2], OCI_MANIFEST)])
    value: Any = json.loads(_index([(images[0], OCI_MANIFEST), (images[1], OCI_MANIFEST), (inner, OCI_INDEX)]))
    for oddity in oddities:
        value = changed(value, oddity)
    root = json.dumps(value).encode()
    held = {digest_of(root): (root, OCI_INDEX), "v1": (root, OCI_INDEX), digest_of(inner): (inner, OCI_INDEX)}
    return digest_of(root), held | {digest_of(one): (one, OCI_MANIFEST) for one in images}


def _index(listed: Sequence[tuple[bytes, str]]) -> bytes:
    manifests = [{"mediaType": kind, "digest": digest_of(content), "size": len(content)} for content, kind in listed]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}).encode()
