"""The services that the apps of the patterns call, as one HTTP server: it answers as a test tells it to, and keeps what was asked."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.devkit.host.running import eventually


class Outside:
    """Paths that nobody told it about are answered with `{}`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []  # paths, in the order in which requests came
        self.sent: dict[str, Any] = {}  # by path: the last request's JSON
        self._answers: dict[str, list[tuple[int, Any]]] = {}
        self._failures: Counter[str] = Counter()
        self._released: dict[str, threading.Event] = {}

    def answer(self, path: str, *answers: Any, status: int = 200) -> None:
        """One after the other; the last one from then on."""
        self._answers.setdefault(path, []).extend((status, each) for each in answers)

    def fail(self, path: str, times: int) -> None:
        """Before all answers."""
        self._failures[path] = times

    def hold(self, *paths: str) -> None:
        """No answer until `release`; a host that dies meanwhile never gets one."""
        self._released |= {path: threading.Event() for path in paths}

    def release(self, *paths: str) -> None:
        for path in paths:
            self._released[path].set()

    def times(self, path: str) -> int:
        return self.asked.count(path)

    def await_request(self, path: str, times: int = 1) -> None:
        eventually(lambda: self.times(path) >= times, f"request {times} to {path}")

    def under(self, place: str) -> list[str]:
        """The requests of one order, job or the like, whose name is the last part of the path, in their order."""
        return [path for path in self.asked if path.endswith(f"/{place}")]

    def serve(self, path: str, value: Any) -> tuple[int, Any]:
        self.asked.append(path)
        self.sent[path] = value
        answers = self._answers.get(path, [(200, {})])
        if self._failures[path] > 0:
            self._failures[path] -= 1
            answer: tuple[int, Any] = (503, {})
        else:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if path in self._released:
            self._released[path].wait()
        return answer

    def close(self) -> None:
        self.release(*self._released)


class Handler(BaseHTTPRequestHandler):
    outside: Outside

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        status, value = self.outside.serve(self.path, json.loads(self.rfile.read(length) or "null"))
        body = json.dumps(value).encode()
        with suppress(ConnectionError):  # who asked was killed
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Outside]:
    class Bound(Handler):
        """To the server of this call."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Bound) as server:
        server.daemon_threads = True
        Bound.outside = outside = Outside(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield outside
        outside.close()
        server.shutdown()
