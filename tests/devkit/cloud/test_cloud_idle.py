"""A client that stops in the middle of an upload has broken off: others need not wait for it."""

import asyncio
import uuid
from pathlib import Path
from typing import Any, cast

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from devkit.cloud.clock import Clock
from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.database import Database
from devkit.cloud.errors import unexpected_by_registry
from devkit.cloud.registry.calls import Call
from devkit.cloud.registry.uploads import Uploads
from devkit.cloud.web import answered
from tests.devkit.process import PATIENCE


def test_half_a_chunk_keeps_nobody_waiting(tmp_path: Path) -> None:
    asyncio.run(asyncio.wait_for(_send_half(tmp_path), PATIENCE))


async def _send_half(folder: Path) -> None:
    """In this process, so that what is a minute is a tenth of a second."""
    unused = cast(Any, None)
    uploads = Uploads(unused, BlobFiles(folder), unused, Clock(Database(folder / "cloud.db"), 1), idle=0.1)
    calls = {"POST": uploads.begin, "PATCH": uploads.append, "GET": uploads.status, "DELETE": uploads.cancel}

    async def handle(request: web.Request) -> web.StreamResponse:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await calls[request.method](Call(request, request.path, "team/app", request.path.rpartition("/")[2], unused))

        return await answered(request, handler, unexpected_by_registry)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as client:
        location = (await client.post("/v2/team/app/blobs/uploads/")).headers["Location"]
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(f"PATCH {location} HTTP/1.1\r\nHost: {uuid.uuid4()}\r\nContent-Length: 8\r\n\r\nhalf".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()
        assert (await client.get(location)).headers["Range"] == "0-3"  # what came of a chunk counts
        assert (await client.delete(location)).status == 204
