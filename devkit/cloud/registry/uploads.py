"""Blobs on their way in: at once, in chunks, or mounted from another repository. Source: distribution-spec, "Pushing blobs".

Uploads live in memory and in an unfinished file: a restart forgets them, and clients begin again, as with any registry."""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from devkit.cloud.clock import Clock
from devkit.cloud.content.blobfiles import BlobFiles, BlobWriter, DigestMismatch
from devkit.cloud.content.store import Store
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.identities.rights import Right
from devkit.cloud.names import is_name
from devkit.cloud.registry.access import Need
from devkit.cloud.registry.auth import RegistryAuth
from devkit.cloud.registry.calls import Call

LARGEST_BLOB = 200 * 1024**3  # docs: container-registry-skus, "Maximum image layer size": 200 GiB
MOST_UPLOADS = 256  # at once; the one longest untouched gives way, as clients that died leave theirs behind
UNTOUCHED = 24 * 3600.0  # seconds by the cloud's clock, after which an upload is given up: Azure's number is not known
SWEEP = 3600.0
CHUNK = 512 * 1024
IDLE = 60.0  # real seconds, as the client is a real program: one that sends nothing for so long has broken off
CONTENT_RANGE = re.compile(r"(?:bytes )?([0-9]{1,18})-([0-9]{1,18})(?:/[0-9*]+)?")


@dataclass(slots=True)
class Upload:
    id: str
    repository: str
    writer: BlobWriter
    touched: float  # by the cloud's clock
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # chunks of one upload never interleave

    def headers(self) -> dict[str, str]:
        return {
            "Location": f"/v2/{self.repository}/blobs/uploads/{self.id}",
            "Range": f"0-{max(self.writer.size - 1, 0)}",
            "Docker-Upload-UUID": self.id,
        }


class Uploads:
    def __init__(self, store: Store, files: BlobFiles, auth: RegistryAuth, clock: Clock, *, idle: float = IDLE) -> None:
        self._store = store
        self._files = files
        self._auth = auth
        self._clock = clock
        self._idle = idle
        self._uploads: dict[str, Upload] = {}  # the longest untouched first

    async def while_serving(self, _: web.Application) -> AsyncIterator[None]:
        """Gives up what nobody touches any more; all that is left when the registry ends. For `cleanup_ctx`."""
        sweeping = asyncio.create_task(self._sweep())
        yield
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        for upload in list(self._uploads.values()):
            self._drop(upload)

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(SWEEP)
            for upload in list(self._uploads.values()):
                if not upload.turn.locked() and self._clock.now() - upload.touched >= UNTOUCHED:
                    self._drop(upload)

    async def begin(self, call: Call) -> web.Response:
        """POST: 201 for a mount or a blob sent along, else 202 and where to send it. A mount that cannot be is an upload."""
        query = call.request.query
        if "mount" in query and self._mounted(call, call.checked(query["mount"]), query.get("from", "")):
            return _created(call.name, query["mount"])
        if "digest" in query:
            digest = _required_digest(call)
            upload = self._new(call.name)
            try:
                return await self._finished(call, upload, digest)
            finally:
                self._drop(upload)  # nobody was told its id
        return web.Response(status=202, headers=self._new(call.name).headers())

    async def append(self, call: Call) -> web.Response:
        """PATCH: 202; 416 for a chunk that does not begin where the last one ended."""
        upload = self._found(call)
        async with upload.turn:
            await self._receive(call.request, upload)
        return web.Response(status=202, headers=upload.headers())

    async def finish(self, call: Call) -> web.Response:
        """PUT: the last chunk, or none, and the digest of it all."""
        return await self._finished(call, self._found(call), _required_digest(call))

    async def status(self, call: Call) -> web.Response:
        return web.Response(status=204, headers=self._found(call).headers())

    async def cancel(self, call: Call) -> web.Response:
        upload = self._found(call)
        async with upload.turn:
            self._drop(upload)
        return web.Response(status=204)

    def _mounted(self, call: Call, digest: str, source: str) -> bool:
        """distribution-spec, "Mounting a blob from another repository": the caller must be allowed to pull there. Without `from`, which
        ACR's documentation does not have, nothing is mounted."""
        if not (is_name(source) and self._auth.allows(call.request, Need(Right.PULL, source), beside=Need(Right.PUSH, call.name))):
            return False
        if not (self._store.has_blob(source, digest) and self._store.locks.of(source).read_enabled):
            return False
        self._store.link_blobs(call.name, [digest])
        return True

    def _new(self, repository: str) -> Upload:
        if len(self._uploads) >= MOST_UPLOADS:
            idle = next((one for one in self._uploads.values() if not one.turn.locked()), None)
            if idle is None:
                raise RegistryRefusal(429, "TOOMANYREQUESTS", "too many uploads at once", headers={"Retry-After": "10"})
            self._drop(idle)
        upload = Upload(str(uuid.uuid4()), repository, self._files.begin(), self._clock.now())
        self._uploads[upload.id] = upload
        return upload

    def _found(self, call: Call) -> Upload:
        upload = self._uploads.pop(call.reference, None)
        if upload is None or upload.repository != call.name:
            if upload is not None:
                self._uploads[upload.id] = upload
            raise unknown_upload()
        upload.touched = self._clock.now()
        self._uploads[upload.id] = upload  # last in line to give way
        return upload

    def _drop(self, upload: Upload) -> None:
        self._uploads.pop(upload.id, None)
        upload.writer.discard()

    async def _receive(self, request: web.Request, upload: Upload) -> None:
        if upload.id not in self._uploads:  # ended while this request waited for its turn
            raise unknown_upload()
        announced = _announced(request, upload)
        before = upload.writer.mark()
        async for chunk in chunks(request.content, self._idle):
            await self._write(upload, chunk)
        if announced is not None and upload.writer.size - before.size != announced:
            upload.writer.back_to(before)
            raise RegistryRefusal(400, "SIZE_INVALID", "Content-Range and what was sent differ")

    async def _write(self, upload: Upload, chunk: bytes) -> None:
        """Hashed and written in a thread, while the next bytes come in."""
        if upload.writer.size + len(chunk) > LARGEST_BLOB:
            self._drop(upload)
            raise RegistryRefusal(413, "SIZE_INVALID", "blob is larger than 200 GiB")
        try:
            await asyncio.to_thread(upload.writer.write, chunk)
        except OSError:  # a full disk: what is written and what is hashed may differ now
            self._drop(upload)
            raise

    async def _receive_whole(self, request: web.Request, upload: Upload) -> None:
        """A PUT that breaks off has changed nothing, so that the same again may succeed: regctl does that."""
        before = upload.writer.mark()
        try:
            await self._receive(request, upload)
        except BaseException:
            if upload.id in self._uploads:
                upload.writer.back_to(before)
            raise

    async def _finished(self, call: Call, upload: Upload, digest: str) -> web.Response:
        async with upload.turn:
            await self._receive_whole(call.request, upload)
            try:
                await asyncio.to_thread(upload.writer.keep, digest)
            except DigestMismatch:
                raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content", {"digest": digest}) from None
            finally:
                self._drop(upload)
        self._store.link_blobs(call.name, [digest])
        return _created(call.name, digest)


class Body(Protocol):
    async def read(self, n: int = -1, /) -> bytes:
        """Some bytes, `n` at most; none at its end."""


async def chunks(body: Body, idle: float) -> AsyncIterator[bytes]:
    """Raises the refusal once nothing has come for `idle` real seconds (RFC 9110, 15.5.9): a client that stops in the middle would keep
    its upload's turn for ever."""
    while True:
        try:
            async with asyncio.timeout(idle):
                chunk = await body.read(CHUNK)
        except TimeoutError:
            message = f"no more of the blob has come for {idle:g} seconds: send the rest again"
            raise RegistryRefusal(408, "BLOB_UPLOAD_INVALID", message, headers={"Connection": "close"}) from None
        if not chunk:
            return
        yield chunk


def unknown_upload() -> RegistryRefusal:
    return RegistryRefusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")


def _required_digest(call: Call) -> str:
    return call.checked(call.request.query.get("digest", ""))


def _created(repository: str, digest: str) -> web.Response:
    return web.Response(status=201, headers={"Location": f"/v2/{repository}/blobs/{digest}", "Docker-Content-Digest": digest})


def _announced(request: web.Request, upload: Upload) -> int | None:
    """How many bytes the Content-Range says will come; None without one."""
    text = request.headers.get("Content-Range")
    if text is None:
        return None
    match = CONTENT_RANGE.fullmatch(text)
    if match is None:
        raise RegistryRefusal(400, "BLOB_UPLOAD_INVALID", "Content-Range must be <start>-<end>")
    start, end = int(match[1]), int(match[2])
    if start != upload.writer.size:
        raise RegistryRefusal(416, "BLOB_UPLOAD_INVALID", "chunk out of order", headers=upload.headers())
    if request.content_length is not None and request.content_length != end - start + 1:
        raise RegistryRefusal(400, "SIZE_INVALID", "Content-Range and Content-Length differ")
    return end - start + 1
