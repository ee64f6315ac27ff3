"""From what a service said to what it means: pure functions, fed anything."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.refusals import first_error, proves_absence, refusal, retry_after
from registries.wire import Answer
from replication.failures import CODES
from tests.unit.registries.sides import SIDE
from tests.unit.replication.strategies import json_values

DEEP = b'{"errors": [{"code": ' + b"[" * 900 + b"]" * 900 + b"}]}"


@pytest.mark.parametrize(
    "body, error",
    [
        (b'{"errors": [{"code": "DENIED", "message": "no"}]}', ("DENIED", "no")),
        (b'{"errors": [{"code": "A", "message": "first"}, {"code": "B"}]}', ("A", "first")),
        (b'{"error": {"code": "AuthorizationFailed", "message": "no"}}', ("AuthorizationFailed", "no")),
        (b'{"errors": [], "error": {"code": "X"}}', ("X", "")),
        (b'{"errors": [{"message": "no code"}]}', ("", "no code")),
        (b'{"errors": [{"code": null, "message": 7}]}', ("", "")),
        (b'{"errors": [{"code": ["A"], "message": {"a": 1}}]}', ("", "")),
        (b'{"errors": ["DENIED"]}', ("", "")),
        (b'{"errors": {"code": "A"}}', ("", "")),
        (b'{"error": "invalid_client"}', ("", "")),
        (b"<html>", ("", "")),
        (b"", ("", "")),
        (b"\xff\xfe\x00", ("", "")),
        pytest.param(b"[" * 100_000, ("", ""), id="deep"),
        pytest.param(DEEP, ("", ""), id="a deep code"),
    ],
)
def test_the_first_error_is_read_whichever_way_it_is_told(body: bytes, error: tuple[str, str]) -> None:
    assert first_error(body) == error


@given(st.binary() | json_values.map(json.dumps).map(str.encode), st.integers(100, 599), st.dictionaries(st.just("Retry-After"), st.text()))
def test_any_answer_that_is_no_success_becomes_a_failure(body: bytes, status: int, headers: dict[str, str]) -> None:
    failure = refusal(Answer(status, headers, body), SIDE, "do it")
    assert failure.code in CODES
    assert failure.said and failure.hint
    json.dumps(failure.to_json(), allow_nan=False)
    assert not proves_absence(Answer(status, headers, body)) or status == 404


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("0", 0),
        ("17", 17),
        (" 17 ", 17),
        ("9" * 400, 86_400),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("٣", None),
        ("nan", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Sat, 32 Jan 2026 00:00:00 GMT", None),
        ("2026-01-01T00:00:00Z", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}) == seconds


def test_a_date_is_told_as_seconds_from_now() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=90), usegmt=True)
    assert 5300 < (retry_after({"Retry-After": date}) or 0) <= 5400


def test_nothing_said_is_no_pause() -> None:
    assert retry_after({}) is None


@given(st.text() | st.floats().map(str) | st.datetimes().map(lambda moment: format_datetime(moment.replace(tzinfo=UTC))))
def test_whatever_is_said_a_pause_is_none_or_reasonable(text: str) -> None:
    seconds = retry_after({"Retry-After": text})
    assert seconds is None or 0 <= seconds <= 86_400
