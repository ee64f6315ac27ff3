"""What Azure may do to an app, asked of the host: each switch does it, and a correct program comes to its end all the same."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devkit.host.clock import Clock, stamp
from devkit.host.durable.messages import Kind, event
from devkit.host.durable.rows import AT_ONCE, FIRST, Message
from devkit.host.durable.unkind import Unkind
from devkit.host.unkindness import Unkindness
from tests.devkit.host.platform import calls, platform, ran
from tests.devkit.host.running import Host, eventually

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANY = {"wide": 12, "long": 3}
NAMES = [f"wide {number}" for number in range(12)] + [f"long {number}" for number in range(3)]


def completed_tasks(host: Host, instance: str) -> list[int]:
    """In the order of the history."""
    return [each["TaskScheduledId"] for each in host.history(instance) if each["EventType"] == Kind.TASK_COMPLETED]


def test_an_activity_that_is_delivered_twice_runs_twice_and_counts_once(tmp_path: Path) -> None:
    host = platform(tmp_path, options=["--unkind", "twice=1", "--seed", "7"]).start()
    assert ran(host, "many", "doubled", MANY)["output"] == NAMES
    eventually(lambda: len(calls(host)) == 2 * len(NAMES), "the second runs")
    assert Counter(calls(host)) == dict.fromkeys(NAMES, 2)
    assert sorted(completed_tasks(host, "doubled")) == list(range(len(NAMES)))
    assert "the host is unkind, as Azure may be: twice=1, delay=0, reorder=0, uncommitted=0, seed=7" in host.log.read_text()
    assert host.stop() == 0


def test_activities_whose_episode_s_commit_is_lost_run_twice_and_late_results_come_in_any_order(tmp_path: Path) -> None:
    host = platform(tmp_path, options=["--unkind", "uncommitted=1,delay=0.2,reorder", "--seed", "7"]).start()
    assert ran(host, "many", "lost", MANY)["output"] == NAMES
    eventually(lambda: len(calls(host)) == 2 * len(NAMES), "the second runs")
    assert Counter(calls(host)) == dict.fromkeys(NAMES, 2)
    done = completed_tasks(host, "lost")
    assert sorted(done) == list(range(len(NAMES)))
    assert done != sorted(done)
    scheduled = [each["EventId"] for each in host.history("lost") if each["EventType"] == Kind.TASK_SCHEDULED]
    assert scheduled == list(range(len(NAMES)))  # the history knows of one each
    assert host.stop() == 0


def unkind(text: str, seed: int) -> Unkind:
    asked = Unkindness.parse(text)
    return Unkind(Unkindness(delay=asked.delay, reorder=asked.reorder, seed=seed), Clock())


def test_what_is_late_is_late_by_no_more_than_was_asked_and_begins_no_generation() -> None:
    host = unkind("delay=10", 1)
    fired = [host.visible("i", event(Kind.TIMER_FIRED, NOW, TimerId=number), stamp(NOW)) for number in range(100)]
    assert stamp(NOW) < min(fired) < max(fired) < "2026-01-01T00:00:10"
    assert max(fired) > "2026-01-01T00:00:05"
    assert host.visible("i", event(Kind.TASK_COMPLETED, NOW, TaskScheduledId=1), AT_ONCE) > stamp(datetime.now(UTC))
    assert host.visible("i", event(Kind.EXECUTION_STARTED, NOW), AT_ONCE) == AT_ONCE
    assert host.visible("i", event(Kind.EVENT_RAISED, NOW, Name="carried"), FIRST) == FIRST
    assert host.visible("@entity@key", event(Kind.EVENT_RAISED, NOW, Name="op"), AT_ONCE) == AT_ONCE


def test_the_same_seed_throws_the_same_dice_and_another_seed_others() -> None:
    started = Message(0, "e", event(Kind.EXECUTION_STARTED, NOW), "")
    messages = [started, *(Message(n, "e", event(Kind.TASK_COMPLETED, NOW, TaskScheduledId=n), "") for n in range(1, 20))]
    orders = [[each.n for each in unkind("reorder", seed).shuffled("i", messages)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert all(order[0] == 0 and order != sorted(order) for order in orders)


def test_suspending_and_resuming_keep_their_order() -> None:
    messages = [Message(n, None, event(Kind.EXECUTION_RESUMED if n % 2 else Kind.EXECUTION_SUSPENDED, NOW), "") for n in range(20)]
    assert unkind("reorder", 1).shuffled("i", messages) == messages


@pytest.mark.parametrize("text", ["twice", "twice=2", "twice=-1", "delay=inf", "delay=1e300", "delay=soon", "reorder=1", "late=1"])
def test_an_unkindness_that_there_is_not_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[0]):
        Unkindness.parse(f"reorder,{text}")
