"""Where telemetry goes: to Application Insights where a connection string is set, otherwise to where the standard OTLP variables lead,
and by default nowhere.

Of "Use OpenTelemetry with Azure Functions" it is the second way: PYTHON_ENABLE_OPENTELEMETRY=true makes the worker hand over the host's
trace and tells the host not to export our logs once more; the exporters are ours. They work in threads of their own, from queues that
drop what is too much: one that hangs keeps nobody waiting."""

import logging
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from opentelemetry import metrics, trace

log = logging.getLogger("multi-cloud-publish")
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
HANDED_OVER = "PYTHON_ENABLE_OPENTELEMETRY"
OTLP = "OTEL_EXPORTER_OTLP"
# Their import costs a cold start; our own requests have spans already, and those of the Azure SDK would hold queries.
UNUSED = ("azure_sdk", "django", "fastapi", "flask", "httpx", "psycopg2", "requests", "urllib", "urllib3")
OWN = ("opentelemetry", "urllib3")  # loggers that write while lines are exported


def configure() -> None:
    """Once, before anything else of the app. Does nothing where a provider is set up already, as the worker does it on demand."""
    logging.getLogger("azure").setLevel(logging.WARNING)  # below it, the SDKs log every request
    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # below it, an answer that holds no token, whole; each is told as a refusal
    if exporting() or _is_sdk(trace.get_tracer_provider()):
        return
    wanted = os.environ.get(CONNECTION) or any(_endpoint(signal, os.environ) for signal in ("TRACES", "METRICS", "LOGS"))
    if not wanted:
        return
    if os.environ.get(HANDED_OVER, "").lower() not in ("true", "1"):
        log.warning("telemetry is exported, but %s is not true: traces begin anew in each step, and log lines come twice", HANDED_OVER)
    os.environ.setdefault("OTEL_TRACES_SAMPLER", "parentbased_always_on")  # Azure Monitor's own default drops all but 5 traces a second
    if os.environ.get(CONNECTION):
        _to_azure_monitor()
    else:
        _to_otlp(os.environ)


def exporting() -> bool:
    """Whether figures go anywhere."""
    return _is_sdk(metrics.get_meter_provider())


def _is_sdk(provider: object) -> bool:
    """Told without an import of the SDK."""
    return type(provider).__module__.startswith("opentelemetry.sdk")


def _endpoint(signal: str, values: Mapping[str, str]) -> str | None:
    if values.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() == "none":
        return None
    return values.get(f"{OTLP}_{signal}_ENDPOINT") or values.get(f"{OTLP}_ENDPOINT") or None


def _to_azure_monitor() -> None:
    from azure.monitor.opentelemetry import configure_azure_monitor

    configure_azure_monitor(instrumentation_options={name: {"enabled": False} for name in UNUSED}, enable_live_metrics=False)


def _to_otlp(values: Mapping[str, str]) -> None:
    """By HTTP and protobuf; the exporters read all else from the environment themselves."""
    from opentelemetry.sdk.resources import Resource

    os.environ.setdefault("OTEL_SERVICE_NAME", values.get("WEBSITE_SITE_NAME") or "multi-cloud-publish")
    resource = Resource.create()
    if _endpoint("TRACES", values):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        tracers = TracerProvider(resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(tracers)
    if _endpoint("METRICS", values):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource))
    if _endpoint("LOGS", values):
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

        loggers = LoggerProvider(resource=resource)
        loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        handler = LoggingHandler(logger_provider=loggers)
        handler.addFilter(lambda record: not record.name.startswith(OWN))
        logging.getLogger().addHandler(handler)
    log.info("telemetry goes to %s", ", ".join(sorted(_hosts(values))))


def _hosts(values: Mapping[str, str]) -> set[str]:
    return {urlsplit(endpoint).hostname or "?" for signal in ("TRACES", "METRICS", "LOGS") if (endpoint := _endpoint(signal, values))}
