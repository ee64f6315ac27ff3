"""The settings that say where telemetry goes, in the names that Azure Monitor and OpenTelemetry give them.

What is wrong with them keeps nothing from being replicated: the app logs it and exports nothing. The SDKs raise instead.
Sources: Azure Monitor, "Connection strings"; OpenTelemetry specification, "OTLP Exporter Configuration"."""

import re
from collections.abc import Mapping

from replication.mistakes import Mistake
from replication.secret import UNRESOLVED
from replication.texts import is_http_url

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
CONNECTION_EXAMPLE = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://westeurope-5.in.…/"
SIGNALS = ("TRACES", "METRICS", "LOGS")
OTLP = "OTEL_EXPORTER_OTLP"
SPOKEN = "http/protobuf"

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as the exporter wants it: in lower case


def endpoint(signal: str, values: Mapping[str, str]) -> str | None:
    """`signal`: TRACES, METRICS or LOGS."""
    setting = _endpoint_setting(signal, values)
    return None if setting is None else values[setting]


def export_mistakes(values: Mapping[str, str]) -> tuple[Mistake, ...]:
    """With any of them nothing can be exported. Where a connection string is set, what is set for OTLP does not count."""
    if text := values.get(CONNECTION):
        wrong = _wrong_connection(text)
        return () if wrong is None else (Mistake(CONNECTION, wrong, CONNECTION_EXAMPLE),)
    settings = dict.fromkeys(setting for signal in SIGNALS if (setting := _endpoint_setting(signal, values)) is not None)
    wrong_url = "is no URL with http:// or https:// and a host"
    return tuple(Mistake(one, wrong_url, "http://localhost:4318") for one in settings if not is_http_url(values[one]))


def protocol_mistakes(values: Mapping[str, str]) -> tuple[Mistake, ...]:
    """What is exported all the same, in the one protocol that is spoken: whether it is taken there, the collector tells."""
    if values.get(CONNECTION) or not any(endpoint(signal, values) for signal in SIGNALS):
        return ()
    names = [f"{OTLP}_PROTOCOL", *(f"{OTLP}_{signal}_PROTOCOL" for signal in SIGNALS if endpoint(signal, values))]
    wrong = f"asks for a protocol that the app does not speak; it sends {SPOKEN}, to a port of its own (4318) at most collectors"
    return tuple(Mistake(name, wrong, SPOKEN) for name in names if (values.get(name) or SPOKEN).strip().lower() != SPOKEN)


def _endpoint_setting(signal: str, values: Mapping[str, str]) -> str | None:
    if values.get(f"OTEL_{signal}_EXPORTER", "").strip().lower() == "none":
        return None
    return next((name for name in (f"{OTLP}_{signal}_ENDPOINT", f"{OTLP}_ENDPOINT") if values.get(name)), None)


def _wrong_connection(text: str) -> str | None:
    if text.startswith(UNRESOLVED):
        return "holds a Key Vault reference that was not resolved"
    parts = [part.split("=") for part in text.split(";")]
    if not all(len(part) == 2 for part in parts):
        return "is no connection string: want NAME=VALUE, and ';' between them alone"
    named = {name.lower(): value for name, value in parts}
    if not _KEY.fullmatch(named.get("instrumentationkey", "")):
        return "has no InstrumentationKey, or one that is no GUID in lower case"
    if named.get("authorization", "ikey").lower() != "ikey":
        return "asks for an Authorization that is not ikey"
    return None if is_http_url(named.get("ingestionendpoint", "https://default")) else "has an IngestionEndpoint that is no URL"
