"""A receiver of OTLP over HTTP: decodes what an exporter sends with the protocol's own messages, or takes it and never answers.

Source: OpenTelemetry Protocol Specification, "OTLP/HTTP", binary protobuf."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MESSAGES: Mapping[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    kind: str
    trace: str
    span: str
    parent: str | None
    start: int  # nanoseconds since 1970
    attributes: Mapping[str, Any]


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.answers = threading.Event()  # as long as it is set
        self.answers.set()
        self.unanswered = 0  # requests that wait now
        self.received: list[tuple[str, Any]] = []
        self.raw: list[bytes] = []

    def spans(self) -> list[Span]:
        return [_span(span) for message in self._of("/v1/traces") for group in message.resource_spans for span in _spans(group)]

    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        """Bodies and attributes, in the order of their coming."""
        groups = [scope for message in self._of("/v1/logs") for group in message.resource_logs for scope in group.scope_logs]
        return [(one.body.string_value, attributes(one.attributes)) for group in groups for one in group.log_records]

    def figures(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """Attributes and points, each the last of its attributes: figures are told as sums so far."""
        last: dict[str, tuple[dict[str, Any], Any]] = {}
        for message in self._of("/v1/metrics"):
            for metric in (one for group in message.resource_metrics for scope in group.scope_metrics for one in scope.metrics):
                for point in getattr(metric, metric.WhichOneof("data")).data_points if metric.name == name else ():
                    last[str(sorted(attributes(point.attributes).items()))] = (attributes(point.attributes), point)
        return list(last.values())

    def services(self) -> set[str]:
        groups = [group for message in self._of("/v1/traces") for group in message.resource_spans]
        return {attributes(group.resource.attributes)["service.name"] for group in groups}

    def _of(self, path: str) -> list[Any]:
        return [message for at, message in self.received if at == path]


def _spans(group: Any) -> Iterator[Any]:
    for scope in group.scope_spans:
        yield from scope.spans


def _span(span: Any) -> Span:
    return Span(
        span.name,
        KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() or None,
        span.start_time_unix_nano,
        attributes(span.attributes),
    )


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            if not here.answers.is_set():
                here.unanswered += 1
                here.answers.wait()
                here.unanswered -= 1
            message = MESSAGES[self.path]()
            message.ParseFromString(body)
            here.received.append((self.path, message))
            here.raw.append(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield here
    finally:
        here.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()
