"""A span around each event and activity. Its parent is the host's, which the worker hands over when PYTHON_ENABLE_OPENTELEMETRY is true."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace

_TRACER = trace.get_tracer("multi-cloud-publish")


@contextmanager
def span(name: str, attributes: Mapping[str, str | int], kind: trace.SpanKind = trace.SpanKind.INTERNAL) -> Iterator[trace.Span]:
    """An exception that ends it is recorded by its class alone: texts of exceptions may hold what a trace should not. Where no provider is
    set up, which is the default, nothing is made: each event has some twenty, and the API's own way to nothing is not short."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        yield trace.INVALID_SPAN
        return
    with _TRACER.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:  # a step that is cut off is no success either
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
