"""Races are counted by what happened, not by what was tried."""

import pytest

from tests.chaos.moments import seconds
from tests.chaos.races import LATE, ORPHAN, STALE, looks_and_acts, overtaken, race_of, second_runs
from tests.chaos.records import Import, Told


def run(tag: str | None, began: float, ended: float | None) -> Told:
    return Told("team/app", tag, None, "push", began, ended)


def test_runs_for_one_tag_count_when_they_overlap() -> None:
    assert list(second_runs([run("v1", 0, 5), run("v1", 4, 6), run("v2", 1, 9), run("v1", 7, 8), run(None, 0, 9)])) == ["team/app"]
    assert len(list(second_runs([run("v1", 0, None), run("v1", 4, 6), run("v1", 7, 8)]))) == 2


def test_an_import_is_overtaken_by_a_deletion_of_the_same_digest_while_it_goes_on() -> None:
    one = Import("team/app", "sha256:a", "1", 1.0, 3.0)
    assert list(overtaken([one], [("team/app", "sha256:a", 2.0)])) == [one]
    assert list(overtaken([one], [("team/app", "sha256:a", 4.0), ("team/app", "sha256:b", 2.0), ("other", "sha256:a", 2.0)])) == []


def test_faults_bring_about_the_races_that_they_are_told_to() -> None:
    def of(service: str, kind: str) -> str | None:
        return race_of({"service": service, "fault": {"kind": kind}})

    assert [of("imports", "lands_late"), of("arm", "late_write"), of("registry", "late_write")] == [ORPHAN, ORPHAN, LATE]
    assert [of("registry", "stale_read"), of("imports", "fails"), of("registry", "status")] == [STALE, None, None]


def test_between_look_and_act_is_from_the_last_look_of_the_same_run_to_the_end_of_the_act() -> None:
    steps = [
        ("a", "look", 1.0, 2.0),
        ("b", "look", 2.0, 3.0),
        ("a", "look_around", 3.0, 4.0),
        ("a", "move_tag", 5.0, 6.0),
        ("b", "delete_artifact", 6.0, 7.0),
        ("c", "move_tag", 7.0, 8.0),  # whose look nobody has written down
    ]
    assert list(looks_and_acts(steps)) == [("a", 3.0, 6.0), ("b", 2.0, 7.0)]


def test_times_are_read_with_any_number_of_digits() -> None:
    assert seconds("2026-01-01T00:00:01.5Z") - seconds("2026-01-01T00:00:00.1234567Z") == pytest.approx(1.5 - 0.1234567, abs=1e-6)
    assert seconds("2026-01-01T00:00:00Z") == seconds("2026-01-01T00:00:00.0+00:00")
