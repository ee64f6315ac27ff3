"""What is done to the bytes of an answer, and to the connection they go by."""

import asyncio
import socket
import struct
from typing import TypeAlias

from aiohttp import hdrs, web, web_fileresponse
from aiohttp.http import StreamWriter
from aiohttp.http_exceptions import BadHttpMessage
from multidict import CIMultiDict

from devkit.cloud.clock import Clock
from devkit.cloud.faults.kinds import Bandwidth, Fault, Reset, Truncated, WrongBytes
from devkit.cloud.web import Cut

_Chunk: TypeAlias = "bytes | bytearray | memoryview[int] | memoryview[bytes]"  # a type checker's alone
_PIECES_PER_SECOND = 8
_LEAVES_AFTER = 0.05  # real seconds between two looks whether the client is still there

# A file is to go through the writer too. TLS has no sendfile anyway: aiohttp would have asyncio read it in the same pieces.
web_fileresponse.NOSENDFILE = True  # type: ignore[misc]


def reset(transport: asyncio.BaseTransport | None) -> None:
    """With a TCP RST, as a crash or a middlebox does, not with a proper end."""
    if not isinstance(transport, asyncio.WriteTransport):
        return
    plain = transport.get_extra_info("socket")
    if plain is not None and plain.fileno() != -1:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def cut(request: web.BaseRequest) -> Cut:
    """To be raised: nothing more goes to this client."""
    reset(request.transport)
    return Cut("cut off by a fault")


async def until_client_leaves(request: web.BaseRequest) -> Cut:
    """To be raised. aiohttp tells no handler that its client is gone, and sees it itself only while it reads: the body is lost."""
    while (transport := request.transport) is not None and not transport.is_closing():
        if request.content.at_eof():
            await asyncio.sleep(_LEAVES_AFTER)
            continue
        try:
            async with asyncio.timeout(_LEAVES_AFTER):
                await request.content.readany()
        except TimeoutError:
            continue
        except (ConnectionError, BadHttpMessage):  # it left in the middle of its body
            break
    return Cut("the client left")


def has_body(request: web.BaseRequest, response: web.StreamResponse) -> bool:
    """Whether it is a success with something in it."""
    if request.method == hdrs.METH_HEAD or response.status not in {200, 206}:
        return False
    if isinstance(response, web.FileResponse):  # has not looked at its file, or at the range, yet
        try:
            return bool(range(response._path.stat().st_size)[request.http_range])
        except ValueError:  # no range: it will be refused
            return False
    return bool(response.body) if isinstance(response, web.Response) else True


def alter_body(request: web.Request, fault: Fault, clock: Clock) -> None:
    """Of the answer that is not sent yet."""
    assert isinstance(fault, Bandwidth | Reset | Truncated | WrongBytes)
    request._payload_writer = BodyWriter(request, fault, clock)  # aiohttp has no public way


class BodyWriter(StreamWriter):
    """In place of a request's own writer."""

    def __init__(self, request: web.Request, fault: Bandwidth | Reset | Truncated | WrongBytes, clock: Clock) -> None:
        super().__init__(request.protocol, asyncio.get_running_loop())
        self._request = request
        self._fault = fault
        self._clock = clock
        self._total = 0  # of the body, as the headers say
        self._sent = 0

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        self._total = int(headers.get("Content-Length", "0"))
        if isinstance(self._fault, Truncated):
            headers["Content-Length"] = str(min(self._fault.bytes, self._total))
        await super().write_headers(status_line, headers)

    async def write(self, chunk: _Chunk, *, drain: bool = True, LIMIT: int = 0x10000) -> None:
        piece = memoryview(chunk)
        while piece.nbytes and (step := await self._step(piece.nbytes)):
            await super().write(self._altered(bytes(piece[:step])), drain=drain, LIMIT=LIMIT)
            self._sent += step
            piece = piece[step:]

    async def write_eof(self, chunk: bytes = b"") -> None:
        if chunk:
            await self.write(chunk)
        if isinstance(self._fault, Reset):  # an empty body
            raise cut(self._request)
        await super().write_eof()

    async def _step(self, available: int) -> int:
        """How many bytes go next; no more at 0."""
        match self._fault:
            case Bandwidth(rate):
                step = min(available, max(1, int(rate / _PIECES_PER_SECOND)))
                await self._clock.sleep(step / rate)
                return step
            case Reset(bytes=limit):
                left = min(limit, max(self._total - 1, 0)) - self._sent
                if left <= 0:
                    await self.drain()
                    raise cut(self._request)
                return min(available, left)
            case Truncated(limit):
                return min(available, limit - self._sent)
            case WrongBytes():
                return available

    def _altered(self, piece: bytes) -> bytes:
        if not isinstance(self._fault, WrongBytes):
            return piece
        at = (self._total // 2 if self._fault.at is None else min(self._fault.at, max(self._total - 1, 0))) - self._sent
        return piece if not 0 <= at < len(piece) else piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
