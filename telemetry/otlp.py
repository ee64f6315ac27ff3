"""Export by OTLP, HTTP and protobuf. The exporters read all but the endpoint's presence from the standard variables themselves."""

import atexit
import logging
import os
import threading
import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from opentelemetry import metrics, trace

from replication.telemetrysettings import SIGNALS, endpoint

log = logging.getLogger("multi-cloud-publish")
OWN = ("opentelemetry", "urllib3")  # loggers that write while lines are exported
CLOSED_WITHIN = 3.0  # seconds, of the last export: each SDK's own is ten and more, at a collector that hangs


class Provider(Protocol):
    def shutdown(self) -> None: ...


def export(values: Mapping[str, str]) -> None:
    """Of each signal that has an endpoint. Imports what that needs."""
    from opentelemetry.sdk.resources import Resource

    os.environ.setdefault("OTEL_SERVICE_NAME", values.get("WEBSITE_SITE_NAME") or "multi-cloud-publish")
    resource, providers = Resource.create(), list[Provider]()
    if endpoint("TRACES", values):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(tracers)
        providers.append(tracers)
    if endpoint("METRICS", values):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        meters = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource, shutdown_on_exit=False)
        metrics.set_meter_provider(meters)
        providers.append(meters)
    if endpoint("LOGS", values):
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

        loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        handler = LoggingHandler(logger_provider=loggers)
        handler.addFilter(lambda record: not record.name.startswith(OWN))
        logging.getLogger().addHandler(handler)
        providers.append(loggers)
    _close_at_exit(providers)
    log.info("telemetry goes to %s", ", ".join(sorted(_hosts(values))))


def _close_at_exit(providers: list[Provider]) -> None:
    """All at once, and not for long. The threads are there from the beginning, since an ending interpreter starts none (Python 3.12)."""
    ending = threading.Event()

    def close(provider: Provider) -> None:
        ending.wait()
        provider.shutdown()

    threads = [threading.Thread(target=close, args=(one,), name="telemetry-closes", daemon=True) for one in providers]
    for thread in threads:
        thread.start()

    def end() -> None:
        ending.set()
        deadline = time.monotonic() + CLOSED_WITHIN
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    atexit.register(end)


def _hosts(values: Mapping[str, str]) -> set[str]:
    return {urlsplit(url).hostname or "?" for signal in SIGNALS if (url := endpoint(signal, values))}
