"""Where telemetry goes, in fresh processes: providers are set up once in one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
# Nothing listens there, and nothing is sent: the process ends at once.
CONNECTION = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://127.0.0.1:1/"
AZURE = {"APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION, "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true"}
OTLP = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
HANDED_OVER = {"PYTHON_ENABLE_OPENTELEMETRY": "true"}
SCRIPT = """if True:
    import json, logging, os, sys
    BEFORE
    import telemetry
    telemetry.configure()
    telemetry.configure()
    from opentelemetry import trace
    tracers = trace.get_tracer_provider()
    sampler, processors = getattr(tracers, "sampler", None), getattr(tracers, "_active_span_processor", None)
    exporters = [type(getattr(one, "span_exporter", None)).__name__ for one in getattr(processors, "_span_processors", ())]
    handlers = [one for one in logging.getLogger().handlers if "opentelemetry" in type(one).__module__]
    azure_core = sys.modules.get("azure.core.settings")
    print(json.dumps({
        "exporting": telemetry.exporting(),
        "sampler": sampler and sampler.get_description(),
        "exporters": [one for one in exporters if one != "NoneType"],
        "handlers": len(handlers),
        "doubled": azure_core is not None and azure_core.settings.tracing_implementation() is not None,
    }), flush=True)
    os._exit(0)
"""


def configured(before: str = "pass", **settings: str) -> tuple[dict[str, Any], str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "APPLICATIONINSIGHTS_", "PYTHON_"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("BEFORE", before)],
        cwd=ROOT,
        env={**plain, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


ALL = "ParentBased{root:AlwaysOnSampler,remoteParentSampled:AlwaysOnSampler,remoteParentNotSampled:AlwaysOffSampler,localParentSampled:AlwaysOnSampler,localParentNotSampled:AlwaysOffSampler}"  # noqa: E501


@pytest.mark.parametrize(
    "settings, exporter",
    [
        pytest.param({**AZURE, **OTLP}, "AzureMonitorTraceExporter", id="Application Insights, where both are set"),
        pytest.param(OTLP, "OTLPSpanExporter", id="OTLP"),
    ],
)
def test_all_goes_to_one_place_once(settings: dict[str, str], exporter: str) -> None:
    found, said = configured(**settings, **HANDED_OVER)
    assert found == {"exporting": True, "sampler": ALL, "exporters": [exporter], "handlers": 1, "doubled": False}
    assert "is not true" not in said


def test_signals_can_be_sent_alone_and_a_missing_switch_is_told() -> None:
    found, said = configured(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:1/v1/traces")
    assert (found["exporters"], found["handlers"], found["exporting"]) == (["OTLPSpanExporter"], 0, False)
    assert "PYTHON_ENABLE_OPENTELEMETRY is not true" in said


def test_what_the_worker_has_set_up_is_left_alone() -> None:
    worker = (
        "from opentelemetry import trace; from opentelemetry.sdk.trace import TracerProvider; trace.set_tracer_provider(TracerProvider())"
    )
    found, _ = configured(worker, **OTLP, **HANDED_OVER)
    assert (found["exporters"], found["handlers"]) == ([], 0)


UNFIT = {
    "no connection string": {"APPLICATIONINSIGHTS_CONNECTION_STRING": "canary"},
    "a reference": {"APPLICATIONINSIGHTS_CONNECTION_STRING": "@Microsoft.KeyVault(SecretUri=https://canary/)"},
    "no URL": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://[canary"},
    "no scheme": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "canary:4318"},
    "what only the SDK knows": {**OTLP, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "999999"},
}


@pytest.mark.parametrize("settings", UNFIT.values(), ids=UNFIT)
def test_the_app_starts_though_telemetry_is_set_wrongly_and_tells_it(settings: dict[str, str]) -> None:
    found, said = configured(**settings, **HANDED_OVER)
    assert (found["exporting"], found["exporters"], found["handlers"]) == (False, [], 0)
    assert "telemetry is " in said and "canary" not in said


def test_a_protocol_that_is_not_spoken_is_told_and_all_goes_out_in_ours() -> None:
    found, said = configured(**OTLP, **HANDED_OVER, OTEL_EXPORTER_OTLP_PROTOCOL="grpc")
    assert found["exporters"] == ["OTLPSpanExporter"]
    assert said.count("OTEL_EXPORTER_OTLP_PROTOCOL asks for a protocol that the app does not speak") == 1


def test_a_process_ends_though_its_collector_hangs() -> None:
    """It would wait for ten minutes; here, for as long as the last export may take."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}", "OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
        script = "import telemetry as t; t.configure(); t.figures.throttled.add(1); t.tell('is lost', {})\nwith t.span('lost', {}): pass"
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **where, **HANDED_OVER}, timeout=60, check=False)
    assert done.returncode == 0
