"""The host ends without warning, or with little: what was committed goes on, and what was not runs again."""

from pathlib import Path
from typing import Any

import pytest

from devkit.host.durable.messages import Kind
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import Host, eventually


def journal(host: Host) -> list[str]:
    path = host.folder / "work" / "journal"
    return path.read_text().splitlines() if path.exists() else []


def release(host: Host, name: str) -> None:
    """Let the activity `hold` of this name end."""
    Path(host.folder, "work", name).touch()


def course(host: Host, instance: str) -> list[tuple[Any, ...]]:
    """What a history says beside times."""
    return [tuple(each.get(name) for name in ("EventType", "EventId", "TaskScheduledId", "TimerId")) for each in host.history(instance)]


def test_after_kill_9_in_an_activity_it_runs_again_and_the_instance_ends_as_an_undisturbed_one(make_host: MakeHost) -> None:
    host = make_host().start()
    release(host, "calm")
    assert host.run("patient", {"call": "hold", "name": "calm"}, "calm")["output"] == ["calm", 42]

    host.begin("patient", {"call": "hold", "name": "rough"}, "rough")
    eventually(lambda: "begun rough" in journal(host), "the activity's start")
    host.kill()
    release(host, "rough")
    host.start()
    assert host.ended("rough")["output"] == ["rough", 42]
    assert course(host, "rough") == course(host, "calm")
    assert [journal(host).count(f"begun {name}") for name in ("calm", "rough")] == [1, 2]
    assert [host.rows(table) for table in ("inbox", "activity")] == [0, 0]


def test_after_kill_9_in_a_timer_it_fires_when_it_is_due(make_host: MakeHost) -> None:
    host = make_host().start()
    host.begin("nap", {"seconds": 1.0}, "nap")
    eventually(lambda: [each for each in host.history("nap") if each["EventType"] == Kind.TIMER_CREATED], "the timer's creation")
    host.kill()
    host.start()
    assert host.ended("nap")["output"] >= 1.0
    assert [Kind(each["EventType"]) for each in host.history("nap")].count(Kind.TIMER_FIRED) == 1


def test_a_family_killed_again_and_again_ends_with_the_right_results(make_host: MakeHost) -> None:
    host = make_host().start()
    names = [f"n{number}" for number in range(30)]
    host.begin("gather", {"names": names}, "family")
    for share in (5, 15):

        def progressed(share: int = share) -> bool:
            return len((host.status("family")["customStatus"] or {"done": []})["done"]) >= share

        eventually(progressed, "some progress")
        host.kill()
        host.start()
    ended = host.ended("family")
    assert {name: result["greeting"] for name, result in ended["output"].items()} == {name: f"hello {name}" for name in names}
    assert [host.rows(table) for table in ("inbox", "activity")] == [0, 0]


@pytest.mark.parametrize("call", ["block", "block_beside"])
def test_sigterm_does_not_wait_for_an_activity_that_blocks_a_thread(make_host: MakeHost, call: str) -> None:
    host = make_host().start()
    host.begin("patient", {"call": call, "name": "stone"}, "stone")
    eventually(lambda: "begun stone" in journal(host), "the activity's start")
    assert host.stop() == 0
    host.start()
    eventually(lambda: journal(host).count("begun stone") == 2, "its second start")


def test_sigterm_abandons_an_activity_that_waits_and_it_runs_again(make_host: MakeHost) -> None:
    host = make_host().start()
    host.begin("patient", {"call": "hold", "name": "post"}, "post")
    eventually(lambda: "begun post" in journal(host), "the activity's start")
    assert host.stop() == 0
    assert host.rows("activity") == 1
    release(host, "post")
    host.start()
    assert host.ended("post")["output"] == ["post", 42]
    assert journal(host).count("begun post") == 2
