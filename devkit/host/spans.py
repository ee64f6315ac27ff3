"""Finished spans, as lines of JSON in `spans.jsonl` of the state folder: what Application Insights would be told, to be looked at here.

Two write them: the host, for what the Durable extension traces (devkit/host/durable/tracing.py) and for each invocation of a trigger; and
the app, whose OpenTelemetry SDK gets an exporter beside its own. Source: OpenTelemetry specification, "Trace API", span."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from devkit.host.clock import stamp

log = logging.getLogger("devkit.host")
FILE = "spans.jsonl"
Kind = Literal["internal", "server", "client", "producer", "consumer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`context` and `parent` are W3C traceparents: of the span itself, and of the one above it (None: it begins its trace)."""

    name: str
    kind: Kind
    context: str
    parent: str | None
    start: datetime
    end: datetime
    scope: str
    failed: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "trace": self.context[3:35],
            "span": self.context[36:52],
            "parent": self.parent and self.parent[36:52],
            "start": stamp(self.start),
            "end": stamp(self.end),
            "status": "error" if self.failed else "unset",
            "scope": self.scope,
            "attributes": dict(self.attributes),
        }


class Spans:
    """Where they go; nowhere without a file."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file: BinaryIO | None = None
        self._troubled = False
        if folder is not None:
            self._file = os.fdopen(os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)

    @property
    def on(self) -> bool:
        return self._file is not None

    def write(self, spans: Sequence[Span]) -> None:
        self.write_json([span.to_json() for span in spans])

    def write_json(self, spans: Sequence[dict[str, Any]]) -> None:
        """Raises nothing for a full disk: who writes has committed already, and what it does next must not be lost with a span."""
        if self._file is None:
            return
        try:
            self._file.write("".join(f"{json.dumps(span)}\n" for span in spans).encode())
            self._troubled = False
        except OSError as error:
            if not self._troubled:
                log.error("%s cannot be written (%s): spans are lost until it can be again.", FILE, error.strerror)
            self._troubled = True

    def listen_to_app(self) -> None:
        """From now on the app's spans come here too. An app that has set up no SDK gets one, as it would in Azure have the host's."""
        if self._file is None:
            return
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = TracerProvider()
            trace.set_tracer_provider(provider)
        provider.add_span_processor(SimpleSpanProcessor(_Exporter(self)))


class _Exporter(SpanExporter):
    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._spans.write_json([_of_sdk(span) for span in spans])
        return SpanExportResult.SUCCESS


def _of_sdk(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None and span.start_time is not None and span.end_time is not None
    return {
        "name": span.name,
        "kind": span.kind.name.lower(),
        "trace": f"{context.trace_id:032x}",
        "span": f"{context.span_id:016x}",
        "parent": span.parent and f"{span.parent.span_id:016x}",
        "start": _time(span.start_time),
        "end": _time(span.end_time),
        "status": span.status.status_code.name.lower(),
        "scope": span.instrumentation_scope.name if span.instrumentation_scope else "",
        "attributes": {name: _plain(value) for name, value in (span.attributes or {}).items()},
    }


def _plain(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _time(nanoseconds: int) -> str:
    return stamp(datetime.fromtimestamp(nanoseconds / 1e9).astimezone())
