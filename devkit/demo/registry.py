"""One registry over the distribution API, with a token's name and password on every call (Azure/acr docs/Token-BasicAuth.md).

Standard library alone, and none of the app's code: what the demo says about a registry is what the registry says."""

import base64
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from devkit.local.endpoints import Registry

PATIENCE = 30.0  # seconds, for one answer


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connection:
    """Made for one thread; what it is asked goes over one TLS connection, opened again when the server has closed it."""

    def __init__(self, registry: Registry, ca: Path) -> None:
        self.name = registry.name
        host, _, port = registry.login_server.partition(":")
        context = ssl.create_default_context(cafile=str(ca))
        self._connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=PATIENCE)
        basic = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "User-Agent": "multi-cloud-publish-demo"}

    def send(self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises OSError or HTTPException when there is no answer."""
        try:
            return self._once(method, path, body, headers or {})
        except (http.client.RemoteDisconnected, ConnectionError):  # kept open too long, or a restart: the calls here may be repeated
            return self._once(method, path, body, headers or {})

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            self._connection.request(method, path, body=body, headers={**self._headers, **headers})
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            self._connection.close()  # it has no place for another request
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()
