"""What this world has found, each as its shortest history."""

from random import Random

from tests.convergence.history import History
from tests.convergence.player import LIMITS
from tests.convergence.world import Weather


def test_a_run_that_waits_for_two_incomplete_indexes_imports_neither_again_and_again() -> None:
    """The doubts about one made it forget those about the other, so it never waited, and never ended."""
    history = History(Random(1), Weather.calm())
    history.push("J", "x")
    history.push("I", "x")
    history.delete("d")
    history.end()
    posts = [line for line in history.world.story if "POST import of I" in line or "POST import of J" in line]
    assert len(posts) <= 4
    codes = {run.outcome.failure.code for run in history.player.ended if run.outcome is not None and run.outcome.failure is not None}
    assert codes == {"source_incomplete"}
    assert LIMITS.patience < history.world.now < 2 * LIMITS.patience


def test_an_import_that_outlasts_the_doubts_is_followed_by_a_look_all_around() -> None:
    """It was called unsettled, after a single change."""
    for seed in range(4000, 4005):
        history = History(Random(seed), Weather(stale=0, dies=0, lost=0, refused=0, fails=0, broken=0, twice=0, doubled=0, slow=2000))
        history.push("B", "z")
        history.go_on(10)
        history.push("I", "z")
        history.go_on(10)
        history.delete_repository()
        history.end()
        assert history.differences() == []
        assert not [run for run in history.player.ended if run.outcome is not None and run.outcome.failure is not None]


def test_a_tag_that_is_locked_keeps_back_nothing_of_what_was_pushed_under_it_before() -> None:
    """The run of the older push brought what the tag means by then, was refused, and ended without its own digest."""
    history = History(Random(1), Weather.calm())
    history.in_sync([("A", "x")])
    history.lock("x")
    history.push("B", "x")
    history.push("I", "x")
    history.end()
    assert history.differences() == []
    assert {"B", "I"} <= history.world.target.held
