"""A server that answers what a test wrote down, in that order, over TLS on localhost: for answers that no registry in its right mind gives.

It runs on the test's own loop and remembers what it was asked. Asked for more than was written down it answers 500 `SCRIPT_ENDED`, and the
test that leaves answers unused fails, so a client that asks once too often or too seldom is found out."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from devkit.tls import TlsFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`cut`: the connection breaks after so many bytes of the body. `late`: nothing comes before that event. `endless`: the body is sent
    over and over, for as long as the client takes it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    late: asyncio.Event | None = None
    endless: bool = False


def error(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    """As a registry tells of errors; `Retry_After="5"` becomes a header."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Reply(status=status, body=body, headers={"Content-Type": "application/json", **_named(headers)})


def page(status: int, **headers: str) -> Reply:
    """As a proxy tells of errors."""
    return Reply(status=status, body=b"<html>Sorry, that is not here</html>", headers={"Content-Type": "text/html", **_named(headers)})


def answer(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **_named(headers)})


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    target: str  # path and query, as they were sent
    headers: Mapping[str, str]
    body: bytes


class Scripted:
    def __init__(self, script: list[Reply]) -> None:
        self.asked: list[Asked] = []
        self.sent = 0  # bytes of bodies
        self.port = 0
        self._script = script

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def left(self) -> int:
        return len(self._script)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(Asked(request.method, request.raw_path, request.headers, await request.read()))
        reply = self._script.pop(0) if self._script else error(500, "SCRIPT_ENDED")
        if reply.late is not None:
            await reply.late.wait()
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        if not reply.endless and "Content-Length" not in response.headers:
            response.content_length = len(reply.body) + (reply.cut is not None)
        await response.prepare(request)
        if request.method != "HEAD":
            await self._send(request, response, reply)
        return response

    async def _send(self, request: web.BaseRequest, response: web.StreamResponse, reply: Reply) -> None:
        await response.write(reply.body[: reply.cut])
        self.sent += len(reply.body[: reply.cut])
        while reply.endless and request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0)  # writing alone need not let the client go on, so it could never hang up
            await response.write(reply.body)
            self.sent += len(reply.body)
        if reply.cut is not None and request.transport is not None:
            request.transport.abort()


@asynccontextmanager
async def scripted(tls: TlsFiles, *script: Reply) -> AsyncIterator[Scripted]:
    server = Scripted(list(script))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.01)  # 0 would be forever
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        server.port = int(runner.addresses[0][1])
        yield server
    finally:
        await runner.cleanup()
    assert not server.left, f"{server.left} answers were not asked for"
