"""Where telemetry goes: to Application Insights where a connection string is set, otherwise to where the standard OTLP variables lead,
and by default nowhere.

Of "Use OpenTelemetry with Azure Functions" it is the second way: PYTHON_ENABLE_OPENTELEMETRY=true makes the worker hand over the host's
trace and tells the host not to export our logs once more; the exporters are ours. They work in threads of their own, from queues that
drop what is too much: one that hangs keeps nobody waiting."""

import logging
import os

from opentelemetry import metrics, trace

from replication.telemetrysettings import CONNECTION, SIGNALS, endpoint, export_mistakes, protocol_mistakes
from telemetry import otlp

log = logging.getLogger("multi-cloud-publish")
HANDED_OVER = "PYTHON_ENABLE_OPENTELEMETRY"
# Their import costs a cold start; our own requests have spans already, and those of the Azure SDK would hold queries.
UNUSED = ("azure_sdk", "django", "fastapi", "flask", "httpx", "psycopg2", "requests", "urllib", "urllib3")


def configure() -> None:
    """Once, before anything else of the app, which starts whatever is wrong with the settings of this. Does nothing where a provider is set
    up already, as the worker does it on demand."""
    logging.getLogger("azure").setLevel(logging.WARNING)  # below it, the SDKs log every request
    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # below it, an answer that holds no token, whole; each is told as a refusal
    if exporting() or _is_sdk(trace.get_tracer_provider()):
        return
    if not os.environ.get(CONNECTION) and not any(endpoint(signal, os.environ) for signal in SIGNALS):
        return
    if mistakes := export_mistakes(os.environ):
        for mistake in mistakes:
            log.error("no telemetry is exported: %s", mistake)
        return
    for mistake in protocol_mistakes(os.environ):
        log.warning("telemetry: %s", mistake)
    if os.environ.get(HANDED_OVER, "").lower() not in ("true", "1"):
        log.warning("telemetry is exported, but %s is not true: traces begin anew in each step, and log lines come twice", HANDED_OVER)
    os.environ.setdefault("OTEL_TRACES_SAMPLER", "parentbased_always_on")  # Azure Monitor's own default drops all but 5 traces a second
    try:
        _to_azure_monitor() if os.environ.get(CONNECTION) else otlp.export(os.environ)
    except Exception as error:  # whatever else the SDKs do not take: the app is there to replicate, with telemetry or without
        log.error("telemetry is not exported, or not all of it: a setting of it is not taken (%s)", type(error).__name__)


def exporting() -> bool:
    """Whether figures go anywhere."""
    return _is_sdk(metrics.get_meter_provider())


def _is_sdk(provider: object) -> bool:
    """Told without an import of the SDK."""
    return type(provider).__module__.startswith("opentelemetry.sdk")


def _to_azure_monitor() -> None:
    from azure.monitor.opentelemetry import configure_azure_monitor

    configure_azure_monitor(instrumentation_options={name: {"enabled": False} for name in UNUSED}, enable_live_metrics=False)
