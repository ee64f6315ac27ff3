"""Where telemetry goes, judged before an SDK is asked: it raises, and with that keeps the app from starting."""

import pytest

from replication.telemetrysettings import export_mistakes, protocol_mistakes

KEY = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
CONNECTION, ENDPOINT = "APPLICATIONINSIGHTS_CONNECTION_STRING", "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {CONNECTION: KEY},
        {CONNECTION: f"{KEY};IngestionEndpoint=https://x.in.example/;LiveEndpoint=https://y.example/"},
        {CONNECTION: KEY, ENDPOINT: "not asked", PROTOCOL: "grpc"},
        {ENDPOINT: "http://localhost:4318", PROTOCOL: "http/protobuf"},
        {ENDPOINT: "no URL", **{f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}},
        {PROTOCOL: "grpc"},
    ],
)
def test_what_can_be_exported_by_has_no_mistake(values: dict[str, str]) -> None:
    assert (export_mistakes(values), protocol_mistakes(values)) == ((), ())


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("@Microsoft.KeyVault(SecretUri=https://canary/)", "Key Vault reference that was not resolved"),
        ("canary", "is no connection string"),
        (f"{KEY};", "is no connection string"),
        (f"{KEY};A=canary=b", "is no connection string"),
        ("IngestionEndpoint=https://canary.example", "has no InstrumentationKey"),
        ("InstrumentationKey=CANARY00-0000-0000-0000-000000000000", "has no InstrumentationKey"),
        (f"{KEY};Authorization=canary", "Authorization that is not ikey"),
        (f"{KEY};IngestionEndpoint=http://[canary", "IngestionEndpoint that is no URL"),
    ],
)
def test_a_connection_string_that_is_none_is_told_without_it(text: str, wrong: str) -> None:
    (mistake,) = export_mistakes({CONNECTION: text})
    assert mistake.setting == CONNECTION
    assert wrong in mistake.wrong
    assert "canary" not in str(mistake).lower()


@pytest.mark.parametrize("text", ["localhost:4318", "http://[bad", "grpc://collector:4317", "http://", "@Microsoft.KeyVault(x)"])
def test_an_endpoint_that_is_no_url_is_told_once(text: str) -> None:
    assert [one.setting for one in export_mistakes({ENDPOINT: text})] == [ENDPOINT]
    own = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
    assert [one.setting for one in export_mistakes({ENDPOINT: "http://localhost:4318", own: text})] == [own]


def test_a_protocol_that_is_not_spoken_is_told_beside_an_endpoint_that_is_used() -> None:
    own = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
    assert [one.setting for one in protocol_mistakes({ENDPOINT: "http://localhost:4317", PROTOCOL: "grpc"})] == [PROTOCOL]
    assert [one.setting for one in protocol_mistakes({ENDPOINT: "http://localhost:4317", own: "http/json"})] == [own]
