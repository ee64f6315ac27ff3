"""Timer triggers: when they fire, and what is made up for."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devkit.host.problem import Problem
from devkit.host.schedule import Schedule
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import Host, eventually


def runs(host: Host, timer: str = "nightly") -> list[str]:
    path = Path(host.folder, "work", "journal")
    return [line for line in path.read_text().splitlines() if line.startswith(timer)] if path.exists() else []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 */5 * * * *", "2026-01-01T12:05:00"),
        ("*/10 * * * * *", "2026-01-01T12:00:10"),
        ("0 0 9 13 * FRI", "2026-02-13T09:00:00"),  # a Friday and a 13th: NCrontab joins them
        ("30 2 * * *", "2026-01-02T02:30:00"),  # five fields: no second
        ("00:00:30", "2026-01-01T12:00:31"),
        ("%EVERY%", "2026-01-01T13:00:00"),
    ],
)
def test_the_next_time_of_a_schedule(text: str, wanted: str) -> None:
    schedule = Schedule.parse(text, {"EVERY": "0 0 * * * *"}, "f")
    assert schedule.after(datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


def test_a_zone_is_a_setting() -> None:
    schedule = Schedule.parse("0 0 3 * * *", {"WEBSITE_TIME_ZONE": "Europe/Berlin"}, "f")
    assert schedule.after(datetime(2026, 7, 1, 12, tzinfo=UTC)) == datetime(2026, 7, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0 0 3 31 2 *", "often", "0 60 * * * *", "00:00:00", "* * *", "%NONE%"])
def test_a_schedule_that_never_comes_is_refused_by_name(text: str) -> None:
    with pytest.raises(Problem, match=r"schedule|NONE"):
        Schedule.parse(text, {}, "f")


def test_a_timer_fires_by_the_host_s_clock_and_its_failures_do_not_stop_it(make_host: MakeHost) -> None:
    host = make_host(clock_scale=86_400, settings={"NIGHTLY": "0 0 3 * * *"}).start()  # a night takes a second
    eventually(lambda: len(runs(host)) >= 3, "three nights")
    assert set(runs(host)) == {"nightly False"}
    tries = eventually(lambda: len(found := runs(host, "stubborn")) >= 2 and found, "a run that failed, and its retry")
    assert tries[:2] == ["stubborn 0 of 2", "stubborn 1 of 2"]


def test_a_night_without_a_host_is_made_up_for_once(make_host: MakeHost) -> None:
    host = make_host(settings={"NIGHTLY": "0 0 3 * * *"}).start()
    with closing(sqlite3.connect(host.folder / "state" / "host.db")) as database, database:
        row = eventually(lambda: database.execute("SELECT value FROM setting WHERE name = 'timer/nightly'").fetchone(), "the status")
        host.kill()
        yesterday = json.loads(row[0]) | {"next": "2026-01-01T03:00:00.000000Z"}
        database.execute("UPDATE setting SET value = ? WHERE name = 'timer/nightly'", (json.dumps(yesterday),))
    for _ in range(2):  # and not again at a further start
        host.start()
        eventually(lambda: runs(host), "the missed night")
        host.kill()
    assert runs(host) == ["nightly True"]
