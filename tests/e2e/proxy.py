"""A reverse proxy between the app and one service of a cloud, over TLS on both sides: it records what passes, bodies and credentials too.
To the app it is the service: what the service says of its own address is rewritten."""

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from devkit.tls import make_authority

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
CREDENTIALS = ("access_token", "refresh_token", "token", "client_secret", "password")
PATIENCE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Seen:
    method: str
    path: str  # with its query
    body: bytes


class Proxy:
    """`address` is what the app is told in place of `upstream`, HOST:PORT."""

    def __init__(self, upstream: str, ca: Path) -> None:
        self.upstream = upstream
        self.seen: list[Seen] = []
        self.credentials: set[str] = set()  # each that was sent or handed out
        self._trust = ssl.create_default_context(cafile=str(ca))
        tls = make_authority(ca.parent)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.address = f"localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ssl.SSLError, ConnectionError):
                    self.close_connection = True

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self._pass_on
                raise AttributeError(name)

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = proxy._forward(self.command, self.path, dict(self.headers), body)
                proxy._record(self, body, answer)
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """To nowhere."""

        return Handler

    def _forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPSConnection(*_split(self.upstream), context=self._trust, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body or None, headers={**headers, "Host": self.upstream})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        ours = {name: self._renamed(value) for name, value in response.headers.items() if name.lower() not in HOP_BY_HOP}
        if response.headers.get_content_type() == "application/json":  # no manifest is
            answer = self._renamed(answer.decode()).encode()
        return response.status, ours, answer

    def _renamed(self, text: str) -> str:
        return text.replace(self.upstream, self.address)

    def _record(self, request: BaseHTTPRequestHandler, body: bytes, answer: bytes) -> None:
        self.seen.append(Seen(request.command, request.path, body))
        self.credentials |= {request.headers.get("Authorization", "").partition(" ")[2]}
        self.credentials |= {value for name, value in parse_qsl(body.decode(errors="replace")) if name in CREDENTIALS}
        self.credentials |= {str(value) for name, value in _object(answer).items() if name in CREDENTIALS}
        self.credentials -= {""}


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.partition(":")
    return host, int(port)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
