"""OpenTelemetry: one set-up, and a span around each event and activity. Without a connection string nothing is exported or imported.

The worker hands over the host's trace when PYTHON_ENABLE_OPENTELEMETRY is true, and leaves exporters to the app. Our attributes are
references and target names, no secret. Source: azure-monitor-opentelemetry; "Use OpenTelemetry with Azure Functions"."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace

_TRACER = trace.get_tracer("multi-cloud-publish")
_METER = metrics.get_meter("multi-cloud-publish")
foreign_hosts = _METER.create_counter(
    "replication.events.foreign_host", description="Events whose request came by another name than the source's login server"
)
UNUSED = ("django", "fastapi", "flask", "psycopg2", "requests", "urllib", "urllib3")  # their import costs a cold start


def configure() -> None:
    """Once, before anything else of the app. Does nothing where a provider is set up already."""
    logging.getLogger("azure").setLevel(logging.WARNING)  # below it, the SDKs log every request
    if not os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        return
    from opentelemetry.sdk.trace import TracerProvider

    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    from azure.monitor.opentelemetry import configure_azure_monitor

    configure_azure_monitor(instrumentation_options={name: {"enabled": False} for name in UNUSED})


@contextmanager
def span(name: str, attributes: dict[str, str]) -> Iterator[trace.Span]:
    """An exception that ends it is recorded by its class alone: texts of exceptions may hold what a trace should not."""
    with _TRACER.start_as_current_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
