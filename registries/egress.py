"""How requests leave the app: a transport that trusts what its side's settings say, through the proxy that they name.

Each client of each side has its own, so what is set for one target never reaches another, and without its authorities nothing is sent."""

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from azure.core.pipeline.transport import AioHttpTransport

from replication.failures import Failure, Refused
from replication.targets import Egress
from telemetry.requests import Service, request

CONNECT_WITHIN: Final = 10  # seconds
READ_WITHIN: Final = 30  # seconds without a byte


class Transport(AioHttpTransport):  # type: ignore[misc] # azure-core loads it when it is asked for, and types it as nothing
    """Every request of every client of a side passes here, azure-identity's and ARM's too, and is told to telemetry."""

    def __init__(self, service: Service, session: ClientSession) -> None:
        super().__init__(session=session, connection_timeout=CONNECT_WITHIN, read_timeout=READ_WITHIN)
        self._service = service

    async def send(self, request_: Any, **config: Any) -> Any:
        parts = urlsplit(request_.url)
        with request(self._service, request_.method, parts.hostname or "", parts.port or 443) as exchange:
            response = await super().send(request_, **config)
            exchange.status = response.status_code
            return response


def transport(egress: Egress, whose: str, service: Service) -> AioHttpTransport:
    """On the running loop. Raises `Refused` when the authorities cannot be read; they are read anew at the next try."""
    trust: ssl.SSLContext | bool = True
    if egress.ca_file is not None:
        trust = _trust(egress.ca_file, whose)
    session = ClientSession(
        connector=TCPConnector(ssl=trust),
        proxy=egress.proxy,
        trust_env=egress.proxy is None,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    )
    return Transport(service, session)


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
