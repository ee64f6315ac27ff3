"""A port of the cloud, which can be shut: nobody listens, and who was connected is cut off. It is not given to anybody else meanwhile."""

import socket
import ssl

from aiohttp import web

from devkit.cloud.config import Problem
from devkit.cloud.faults.connection import reset


class Door:
    def __init__(self, runner: web.AppRunner, port: int, tls: ssl.SSLContext | None) -> None:
        """The runner is set up."""
        self._runner = runner
        self._port = port
        self._tls = tls
        self._site: web.TCPSite | None = None
        self._held: socket.socket | None = None

    async def open(self) -> None:
        """Raises `Problem` if somebody else has the port."""
        if self._site is not None:
            return
        self._release()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls)
        try:
            await site.start()
        except OSError:
            raise self._taken() from None
        self._site = site

    async def shut(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._held is None:
            self._hold()
        for connection in self._runner.server.connections if self._runner.server else ():
            reset(connection.transport)

    def _hold(self) -> None:
        """Bound and not listening, it refuses."""
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", self._port))
        except OSError:
            held.close()
            raise self._taken() from None
        self._held = held

    def _taken(self) -> Problem:
        return Problem(f"port {self._port} of 127.0.0.1 is taken: stop what listens there, or give the cloud another")

    def _release(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
