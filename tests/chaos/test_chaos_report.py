"""A report is good or names each thing that is not, and its JSON can be read by whoever has no part in this."""

import json
import secrets
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from tests.chaos.judge import Difference
from tests.chaos.races import RACES, Races
from tests.chaos.reader import Seen
from tests.chaos.report import LONG, Report
from tests.e2e.running import Site
from tests.e2e.search import leaks

MET = Races(Counter(dict.fromkeys(RACES, 1)), Counter(dict.fromkeys(RACES, 1)))
GOOD = Report(seed=1, operations=LONG, targets=2, dropped=0.0, kinds={"push": LONG}, races=MET, seen=Seen(looks=3))
DIFFERENCE = Difference("china", "team/app", "tag missing", "v1")
ALONE = Seen(alone={(("china", "team/app", "v1"), "older"): "china: team/app:v1 is older"})
BAD = {
    "difference": replace(GOOD, differences=[DIFFERENCE]),
    "alone": replace(GOOD, seen=ALONE),
    "alone by the records": replace(GOOD, alone=["china: team/app:v1 was older"]),
    "failed": replace(GOOD, failures=["a run"]),
    "broken": replace(GOOD, broken=["a bug"]),
    "secret": replace(GOOD, secrets=["a password is in host.log"]),
    "stray": replace(GOOD, strays=["somebody was called"]),
    "never quiet": replace(GOOD, never_quiet="never quiet: 1 event queued"),
    "never provoked": replace(GOOD, races=Races(MET.chance, Counter(dict.fromkeys(RACES[1:], 1)))),
    "never by chance": replace(GOOD, races=Races(Counter(dict.fromkeys(RACES[1:], 1)), MET.provoked)),
}


def test_nothing_wrong_is_good() -> None:
    assert GOOD.troubles() == []


@pytest.mark.parametrize("name", BAD)
def test_each_trouble_is_told(name: str) -> None:
    assert len(BAD[name].troubles()) == 1


def test_what_is_excused_untagged_or_met_on_purpose_alone_in_a_short_run_is_no_trouble() -> None:
    excused = [replace(DIFFERENCE, verdict="excused"), replace(DIFFERENCE, verdict="untagged")]
    assert replace(BAD["never by chance"], operations=LONG - 1, differences=excused).troubles() == []
    assert replace(BAD["alone"], dropped=0.02).troubles() == []  # reconciliation's, not a run's


def test_a_canary_that_a_rotation_has_left_in_a_log_is_a_trouble(tmp_path: Path) -> None:
    """The search is the suite's own; here, that a run's secrets are given to it as it wants them."""
    canary = secrets.token_urlsafe(32)
    log, database = tmp_path / "logs" / "host.log", tmp_path / "host.db"
    log.parent.mkdir()
    for file in (database, tmp_path / "ledger.db"):
        sqlite3.connect(file).close()
    ends = SimpleNamespace(state=tmp_path, app=SimpleNamespace(database=database))
    quiet = SimpleNamespace(answers=[], left=lambda: [])
    site = cast(Site, SimpleNamespace(secrets={"the new one of china": canary}, ends=ends, app=quiet, notes=quiet))
    log.write_text("signed in")
    assert leaks(site) == []
    log.write_text(f"signed in with {canary}")
    assert replace(GOOD, secrets=leaks(site)).troubles() == ["secret: the new one of china is in logs/host.log"]


def test_the_json_says_what_the_table_says(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    for report in (GOOD, *BAD.values()):
        report.show(Console(quiet=True))
        report.write(file)
        assert json.loads(file.read_text())["troubles"] == report.troubles()
