"""What the SDK does more simply here gives what it gives in Azure."""

import sys
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import pytest
from dateutil import tz
from dateutil.parser import parse
from hypothesis import given
from hypothesis import strategies as st

from devkit.host.clock import stamp
from devkit.host.durable import quicker

assert df
read = quicker.reader(parse, tz.UTC)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_a_time_is_read_as_the_sdk_reads_it(moment: datetime) -> None:
    quick, slow = read(stamp(moment)), parse(stamp(moment))
    assert (quick, quick.tzinfo, str(quick)) == (slow, slow.tzinfo, str(slow))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.1234567Z",
        "2026-01-01T00:00:00+02:00",
        "2026-01-01 00:00:00",
        "2026-01-01T00:00:00",
        "2026-W01-1T00:00:00Z",
        "Thu Jan 1 2026",
    ],
)
def test_every_other_form_is_left_to_the_sdk(text: str) -> None:
    asked: list[str] = []

    def guess(text: str) -> datetime:
        asked.append(text)
        return datetime(2026, 1, 1)

    quicker.reader(guess, tz.UTC)(text)
    assert asked == [text]


def test_it_is_where_the_sdk_looks() -> None:
    """A version that keeps them elsewhere is as slow as in Azure, and this is where one learns of it."""
    quicker.install()
    events: Any = sys.modules["azure.durable_functions.models.history.HistoryEvent"]
    executor: Any = sys.modules["azure.durable_functions.models.TaskOrchestrationExecutor"]
    assert events.dt_parse.__module__ == quicker.__name__
    assert executor.namedtuple("A", ("b",)) is executor.namedtuple("A", ("b",))
