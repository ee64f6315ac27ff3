"""HTTP as it goes over the wire: a request's path is sent as it is written, and each answer is kept for the search for secrets."""

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 40.0  # seconds for one answer: the app waits 20 for a registry


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Http:
    """One server. Threads may share it: a connection is made for each request."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self.answers: list[bytes] = []  # headers and body of each

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | Iterable[bytes] | None = None
    ) -> Answer:
        """`body` may be an iterable, with a Content-Length among the headers. Raises OSError when nobody listens."""
        assert self._address.hostname is not None
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=PATIENCE)
        try:
            try:
                connection.request(method, target, body=body, headers=dict(headers or {}))
            except (BrokenPipeError, ConnectionResetError):
                if body is None:
                    raise  # otherwise the server has answered before it had the whole body
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        self.answers.append(f"{answer.headers}".encode() + answer.body)
        return answer
