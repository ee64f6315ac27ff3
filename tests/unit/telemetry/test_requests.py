"""What is counted of a request, and what a line looks like."""

import logging
from typing import Any

import pytest

import telemetry
from telemetry import figures


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for name in ("requests", "throttled"):

        def add(number: int, labels: dict[str, str], name: str = name) -> None:
            found.append((name, labels))

        monkeypatch.setattr(getattr(figures, name), "add", add)
    return found


@pytest.mark.parametrize("status, status_class", [(200, "2xx"), (404, "4xx"), (503, "5xx"), (None, "none")])
def test_a_request_is_counted_by_its_class(counted: list[Any], status: int | None, status_class: str) -> None:
    with telemetry.request("arm", "GET", "arm.example", 443) as exchange:
        exchange.status = status
    assert counted == [("requests", {"service": "arm", "status_class": status_class, "server.address": "arm.example"})]


def test_one_that_is_throttled_is_counted_as_such_too(counted: list[Any]) -> None:
    with telemetry.request("registry", "HEAD", "a.azurecr.cn", 443) as exchange:
        exchange.status = 429
    assert [name for name, _ in counted] == ["requests", "throttled"]


def test_one_without_an_answer_is_counted_and_its_error_goes_on(counted: list[Any]) -> None:
    with pytest.raises(OSError, match="no route"), telemetry.request("entra", "POST", "login.example", 443):
        raise OSError("no route")
    assert counted == [("requests", {"service": "entra", "status_class": "none", "server.address": "login.example"})]


def test_a_line_stays_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        telemetry.tell("ended", {"outcome": "failed", "lag": 1.5, "oci.repository": "a\nended outcome=replicated", "oci.tag": 'v"1'})
    (record,) = caplog.records
    assert record.getMessage() == 'ended outcome=failed lag=1.5 oci.repository="a\\nended outcome=replicated" oci.tag="v\\"1"'
    assert vars(record)["oci.repository"] == "a\nended outcome=replicated"
