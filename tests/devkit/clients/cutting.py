"""A wire that breaks once. What it carries is TLS between a client and a registry: it can neither read nor change it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE = 64 * 1024


class Wire:
    """Passes on to `port` until one connection has sent more than `after` bytes: that one is cut, and no other."""

    def __init__(self, port: int, after: int) -> None:
        self._to = port
        self._after = after
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.was_cut = False

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):  # the listener was closed: the test is over
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for way in ((client, server, self._after), (server, client, None)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, after: int | None) -> None:
        sent = 0
        with suppress(OSError):  # either end may go first
            while piece := source.recv(PIECE):
                sent += len(piece)
                if after is not None and sent > after and self._cuts():
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

    def _cuts(self) -> bool:
        with self._lock:
            first, self.was_cut = not self.was_cut, True
            return first


@contextmanager
def cutting(port: int, after: int) -> Iterator[Wire]:
    wire = Wire(port, after)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.close()
        thread.join()
