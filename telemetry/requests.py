"""A span and a count for each HTTP request that the app sends: method, host and status; no path, no query, no header, no body.

Source: OpenTelemetry semantic conventions, "HTTP client span". A request is over when its answer's headers are there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from opentelemetry.trace import SpanKind, StatusCode

from telemetry import figures
from telemetry.spans import span

Service = Literal["registry", "arm", "entra", "store", "vault"]


class Exchange:
    """`status` is told once the answer begins."""

    status: int | None = None


@contextmanager
def request(service: Service, method: str, host: str, port: int) -> Iterator[Exchange]:
    exchange = Exchange()
    named: dict[str, str | int] = {
        "http.request.method": method,
        "server.address": host,
        "server.port": port,
        "replication.service": service,
    }
    try:
        with span(method, named, SpanKind.CLIENT) as current:
            yield exchange
            if exchange.status is not None:
                current.set_attribute("http.response.status_code", exchange.status)
                if exchange.status >= 400:
                    current.set_status(StatusCode.ERROR)
    finally:
        counted = {
            "service": service,
            "status_class": "none" if exchange.status is None else f"{exchange.status // 100}xx",
            "server.address": host,
        }
        figures.requests.add(1, counted)
        if exchange.status == 429:
            figures.throttled.add(1, {"service": service, "server.address": host})
