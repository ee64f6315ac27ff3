"""Planted in what was written down: a tag that was old, absent or on half an index for a while, with and without a run beside it."""

import pytest

from tests.chaos.aftermath import FOREVER, Deviation, Past, alone, deviations, left_alone

NAME, OLD, NEW, INDEX, CHILD = "team/app", "sha256:old", "sha256:new", "sha256:index", "sha256:child"
ALWAYS = [(0.0, FOREVER)]


def past(*meanings: tuple[float, float, str], **manifests: list[tuple[float, float]]) -> Past:
    held = {(NAME, f"sha256:{name}"): times for name, times in {"old": ALWAYS, "new": ALWAYS, **manifests}.items()}
    return Past({(NAME, "v1"): list(meanings)}, held, {INDEX: (CHILD,)})


MOVED = past((0, 10, OLD), (10, FOREVER, NEW))


@pytest.mark.parametrize(
    "source, target, told",
    [
        pytest.param(MOVED, past((1, 12, OLD), (12, FOREVER, NEW)), [("absent", 0, 1), ("older", 10, 12)], id="comes after its source"),
        pytest.param(
            MOVED,
            past((0, 12, OLD), (12, 20, NEW), (20, 22, OLD), (22, FOREVER, NEW)),
            [("older", 10, 12), ("older", 20, 22)],
            id="turned back",
        ),
        pytest.param(MOVED, past((0, 12, OLD), (15, FOREVER, NEW)), [("older", 10, 12), ("absent", 12, 15)], id="a gap"),
        pytest.param(past((0, 10, OLD)), past((0, FOREVER, OLD)), [], id="untagged at the source, where the manifest stayed"),
        pytest.param(past((0, 10, OLD), old=[(0, 10)]), past((0, 13, OLD)), [("older", 10, 13)], id="deleted at the source"),
        pytest.param(
            past((0, FOREVER, INDEX), index=ALWAYS, child=ALWAYS),
            past((0, FOREVER, INDEX), index=ALWAYS, child=[(0, 3), (5, FOREVER)]),
            [("half", 3, 5)],
            id="half an index",
        ),
        pytest.param(
            past((0, FOREVER, INDEX), index=ALWAYS, child=[(0, 1), (4, FOREVER)]),
            past((6, FOREVER, INDEX), index=ALWAYS, child=ALWAYS),
            [("absent", 0, 1), ("absent", 4, 6)],
            id="an index that the source itself lacked half of",
        ),
    ],
)
def test_each_moment_at_which_a_tag_was_not_as_at_the_source(source: Past, target: Past, told: list[tuple[str, float, float]]) -> None:
    assert [(one.kind, one.since, one.until) for one in deviations(source, target, "china", 30.0)] == told


def test_what_never_comes_lasts_to_the_end() -> None:
    assert [(one.kind, one.until) for one in deviations(MOVED, Past(), "china", 30.0)] == [("absent", 30.0)]


@pytest.mark.parametrize(
    "covered, seconds",
    [([(0.0, 9.0)], 0.0), ([], 4.0), ([(0.0, 3.0), (6.0, 9.0)], 3.0), ([(3.5, 9.0)], 1.5), ([(0.0, 4.0)], 2.0), ([(7.0, 9.0)], 4.0)],
)
def test_alone_is_the_longest_stretch_without_a_run(covered: list[tuple[float, float]], seconds: float) -> None:
    assert alone(Deviation("china", NAME, "v1", "older", 2.0, 6.0), covered) == seconds


def test_only_runs_of_its_own_repository_count() -> None:
    found = Deviation("china", NAME, "v1", "older", 2.0, 6.0)
    assert list(left_alone([found], {NAME: [(2.0, 6.0)]})) == []
    assert list(left_alone([found], {"other": [(2.0, 6.0)]})) == [(found, 4.0)]
