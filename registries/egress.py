"""How requests leave the app: a transport that trusts what its side's settings say, through the proxy that they name.

Each client of each side has its own, so what is set for one target never reaches another, and without its authorities nothing is sent.
What an SDK reads whole (azure-identity, azure-data-tables) is bounded here, where none of them can be told to."""

import ssl
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientPayloadError, ClientResponse, ClientSession, DummyCookieJar, TCPConnector
from azure.core.pipeline.transport import AioHttpTransport

from replication.failures import Failure, Refused
from replication.targets import Egress
from telemetry.requests import Service, request

CONNECT_WITHIN: Final = 10  # seconds
READ_WITHIN: Final = 30  # seconds without a byte
LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes; a manifest may be no larger (distribution-spec, "Pushing manifests")


class Bounded(ClientResponse):
    """An answer that is read whole is no larger than any that is expected; headers are bounded by aiohttp (128 of 8 KB)."""

    async def read(self) -> bytes:
        """Raises `ClientPayloadError`. What is compressed, though that is not asked for, could be a thousand times as large."""
        if self.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            self.close()
            raise ClientPayloadError("the answer is compressed")
        body = bytearray()
        async for piece in self.content.iter_any():
            body += piece
            if len(body) > LARGEST_ANSWER:
                self.close()
                raise ClientPayloadError(f"the answer is larger than {LARGEST_ANSWER} bytes")
        return bytes(body)


class Transport(AioHttpTransport):  # type: ignore[misc] # azure-core loads it when it is asked for, and types it as nothing
    """Every request of every client passes here, azure-identity's and the SDKs' too, and is told to telemetry. Opened by the first request,
    on that one's loop.

    The environment's proxies are read here, once for each host. aiohttp's `trust_env` would read them in a thread at every request, which
    costs more than the rest of it, and credentials from ~/.netrc as well, which it then cannot send beside ours."""

    def __init__(self, trust: ssl.SSLContext | bool, proxy: str | None, service: Service, *, from_environment: bool) -> None:
        super().__init__(connection_timeout=CONNECT_WITHIN, read_timeout=READ_WITHIN)
        self.session: ClientSession | None
        self.answered: int | None = None  # the last status: of a page azure-identity keeps the words alone
        self._trust = trust
        self._proxy = proxy
        self._service = service
        self._from_environment = from_environment
        self._proxies: dict[tuple[str, str], str | None] = {}

    async def open(self) -> None:
        if self.session is None:
            self.session = ClientSession(
                connector=TCPConnector(ssl=self._trust),
                proxy=self._proxy,
                trust_env=False,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
                response_class=Bounded,
            )
        await super().open()

    async def send(self, request_: Any, **config: Any) -> Any:
        parts = urlsplit(request_.url)
        host = parts.hostname or ""
        if (proxy := self._proxy_to(parts.scheme, host)) is not None:
            config["proxies"] = {parts.scheme: proxy}
        with request(self._service, request_.method, host, parts.port or 443) as exchange:
            response = await super().send(request_, **config)
            self.answered = exchange.status = response.status_code
            return response

    def _proxy_to(self, scheme: str, host: str) -> str | None:
        """Of the environment; the settings' own is the session's."""
        if not self._from_environment:
            return None
        if (scheme, host) not in self._proxies:
            self._proxies[scheme, host] = None if proxy_bypass(host) else getproxies().get(scheme)
        return self._proxies[scheme, host]


def transport(egress: Egress, whose: str, service: Service) -> Transport:
    """Raises `Refused` when the authorities cannot be read; they are read anew at the next try."""
    trust = True if egress.ca_file is None else _trust(egress.ca_file, whose)
    return Transport(trust, egress.proxy, service, from_environment=egress.proxy is None)


def direct_transport() -> Transport:
    """To what is beside the app, where no proxy stands between: the endpoint of its managed identity."""
    return Transport(True, None, "entra", from_environment=False)


def _trust(ca_file: str, whose: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        trouble = type(error).__name__
    failure = Failure(
        kind="denied",
        code="settings_invalid",
        doing=f"read the certificate authorities of {whose}",
        said=f"{ca_file} holds none that can be read ({trouble})",
        hint="Nothing was sent. Deploy that file with the app or mount it there, in PEM, or correct the setting that names it (caFile).",
    )
    raise Refused(failure)


def through(host: str, egress: Egress) -> str:
    """For people: a host, and by what way."""
    return host if egress.proxy is None else f"{host} through the proxy {egress.proxy}"
