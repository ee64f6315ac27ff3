"""However events are lost to time, doubled and reordered, whatever fails and whenever a step dies: the target ends as the source.

A failing history is told step by step, and again by its seed."""

from random import Random

import pytest

from replication.limits import Limits
from tests.convergence import player
from tests.convergence.history import History, drawn, story_of
from tests.convergence.registry import SUBJECT
from tests.convergence.steps import Json, Step, Steps
from tests.convergence.world import Weather

WEATHERS = {
    "usual": Weather(),
    "calm": Weather.calm(),
    "storm": Weather(dies=0.15, lost=0.15, refused=0.1, fails=0.2),
    "slow imports": Weather(slow=1500, twice=0.3),
    "fresh reads": Weather(stale=0),
}


def check(history: History, seed: int) -> None:
    assert history.differences() == [], f"seed {seed}\n{story_of(history)}"
    codes = {run.outcome.failure.code for run in history.player.ended if run.outcome is not None and run.outcome.failure is not None}
    assert codes <= {"source_incomplete", "locked"}, f"seed {seed}: {codes}\n{story_of(history)}"


@pytest.mark.parametrize("name", WEATHERS)
@pytest.mark.parametrize("part", range(5))
def test_every_history_ends_with_both_sides_equal(name: str, part: int) -> None:
    for seed in range(part * 60, (part + 1) * 60):
        check(drawn(Random(seed), WEATHERS[name]), seed)


def test_what_is_locked_keeps_nothing_else_back() -> None:
    for seed in range(100):
        check(drawn(Random(seed), Weather(), locks=True), seed)


@pytest.mark.large
@pytest.mark.parametrize("name", WEATHERS)
def test_thousands_of_histories_end_with_both_sides_equal(name: str) -> None:
    for seed in range(10_000, 20_000):
        check(drawn(Random(seed), WEATHERS[name], locks=seed % 5 == 0), seed)


def without_referrers(self: Steps, given: Json) -> Step:
    """The neighbourhood as the tags alone make it."""
    found: Json = yield from ALL_AROUND(self, given)
    asked = set(given["digests"])
    return {**found, "members": [one for one in found["members"] if one["digest"] in asked]}


ALL_AROUND = Steps._look_around


class TestTheJudge:
    """Rules that are left out end some histories wrong; so these tests can fail."""

    @staticmethod
    def wrong(histories: int, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> int:
        monkeypatch.setattr(player, "LIMITS", limits)
        return sum(bool(drawn(Random(seed), Weather()).differences()) for seed in range(histories))

    @pytest.mark.parametrize("field", ["delete_delay", "recheck"])
    def test_delays_shorter_than_replicas_are_stale(self, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.wrong(300, Limits.from_json({**player.LIMITS.to_json(), field: 0}), monkeypatch)

    def test_referrers_that_nobody_looks_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Steps, "_look_around", without_referrers)
        assert self.wrong(300, player.LIMITS, monkeypatch)

    def test_a_difference_of_each_kind_is_seen(self) -> None:
        history = drawn(Random(1), Weather.calm())
        source, target = history.world.source, history.world.target
        source.held, source.tags = frozenset("ABr"), {"x": "A"}
        for held, tags in (("AB", {"x": "A"}), ("ABr", {"x": "B"}), ("ABr", {}), ("ABrc", {"x": "A"}), ("ABr", {"x": "A", "y": "B"})):
            target.held, target.tags = frozenset(held), tags
            assert history.differences()
        assert SUBJECT["r"] == "A"
