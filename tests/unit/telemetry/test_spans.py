"""How a span ends, in a provider of the test's own."""

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry import spans


@pytest.mark.parametrize("error", [OSError("canary"), asyncio.CancelledError("canary")])
def test_whatever_ends_a_span_is_its_error_by_its_class_alone(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(spans, "_TRACER", provider.get_tracer("test"))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    with pytest.raises(type(error)), spans.span("GET", {}):
        raise error
    (one,) = kept.get_finished_spans()
    assert one.status.status_code == trace.StatusCode.ERROR
    assert dict(one.attributes or {}) == {"error.type": type(error).__name__}
    assert "canary" not in one.to_json()
