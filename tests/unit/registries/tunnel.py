"""A forward proxy on the test's own loop: it connects where CONNECT says, or answers with a refusal, and remembers where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Tunnel:
    def __init__(self, refuses: int | None) -> None:
        self._refuses = refuses
        self.asked: list[str] = []  # HOST:PORT
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, where, _ = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode().split(" ")
        assert method == "CONNECT"
        self.asked.append(where)
        if self._refuses is not None:
            writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self._refuses)
            writer.close()
            return
        host, _, port = where.rpartition(":")
        to_reader, to_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pass(reader, to_writer), _pass(to_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def tunnel(*, refuses: int | None = None) -> AsyncIterator[Tunnel]:
    """`refuses`: the status that it answers instead of connecting."""
    one = Tunnel(refuses)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        server.close()
