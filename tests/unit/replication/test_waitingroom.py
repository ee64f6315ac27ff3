"""Who waits, who tries for the others, and who may go."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from replication.waitingroom import MOST, WaitingRoom

PROBE = 30.0
GROUP = "look: unreachable"


def enter(room: WaitingRoom, run: str, now: float, *, group: str = GROUP, tried: float | None = None, event: str = "go1") -> dict[str, Any]:
    return room.enter(run, event, group, tried=now if tried is None else tried, now=now, probe=PROBE)


def probe(room: WaitingRoom, now: float, prober: int = 1) -> dict[str, Any]:
    return room.probe(prober, now=now, next_probe=now + PROBE, probe=PROBE)


def news(room: WaitingRoom, now: float, prober: int = 1) -> dict[str, Any]:
    return room.news(prober, now=now, next_probe=now + PROBE, probe=PROBE)


def woken(answer: dict[str, Any]) -> list[str]:
    return [one["run"] for one in answer["wake"]]


def tell(room: WaitingRoom, answer: dict[str, Any]) -> None:
    room.told([(one["run"], one["event"]) for one in answer["wake"]])


def crowd(runs: int, now: float = 100.0) -> WaitingRoom:
    room = WaitingRoom()
    for number in range(runs):
        enter(room, f"run{number}", now)
    return room


def test_the_first_who_waits_has_a_prober_started_and_no_other() -> None:
    room = WaitingRoom()
    assert enter(room, "a", 100) == {"next": 130, "start": 1}
    assert enter(room, "b", 101) == {"next": 130}


def test_one_tries_for_all_and_then_another() -> None:
    room = crowd(3)
    first = probe(room, 130)
    assert (woken(first), first["open"], first["wake"][0]["trial"]) == (["run0"], True, GROUP)
    tell(room, first)
    assert enter(room, "run0", 131, event="go2") == {"next": 160}  # turned away again
    assert news(room, 132) == {"wake": [], "open": False}
    assert woken(probe(room, 160)) == ["run1"]


def test_each_reason_is_tried_for_on_its_own() -> None:
    room = crowd(2)
    enter(room, "full", 100, group="import: quota_reached")
    first = probe(room, 130)
    assert woken(first) == ["run0", "full"]
    tell(room, first)
    room.let_through(GROUP, 131)
    assert woken(news(room, 132)) == ["run1"]
    assert room.trials == {"import: quota_reached": "full"}


def test_all_go_within_a_minute_of_the_first_who_was_let_through_and_no_hundred_in_one_second() -> None:
    room = crowd(300)
    tell(room, probe(room, 130))
    room.let_through(GROUP, 131)
    answer = news(room, 132)
    after = [one["after"] for one in answer["wake"]]
    assert (len(after), max(after) <= 60) == (299, True)
    assert max(sum(second <= one < second + 1 for one in after) for second in range(60)) < 10
    tell(room, answer)
    assert probe(room, 162) == {"over": True}


def test_who_comes_when_it_is_over_need_not_wait() -> None:
    room = crowd(1)
    room.let_through(GROUP, 131)
    turns = [enter(room, f"late{number}", 132, tried=130)["go"] for number in range(3)]
    assert turns == [0, 0.6, 1.2]
    assert "go" not in enter(room, "refused since", 133, tried=132)


def test_who_has_come_back_meanwhile_is_not_forgotten() -> None:
    room = crowd(2)
    first = probe(room, 130)
    enter(room, "run0", 131, event="go2")
    tell(room, first)
    assert set(room.who) == {"run0", "run1"}


def test_one_who_was_to_try_and_never_told_is_not_waited_for() -> None:
    room = crowd(2)
    tell(room, probe(room, 130))
    again = probe(room, 160)
    assert (woken(again), again["open"]) == (["run1"], True)
    tell(room, again)
    room.leave("run1")
    assert news(room, 170) == {"over": True}


def test_a_prober_that_is_not_heard_of_is_replaced_and_not_heeded_any_more() -> None:
    room = crowd(1)
    assert "start" not in enter(room, "b", 219)
    assert enter(room, "c", 221)["start"] == 2
    assert probe(room, 222, prober=1) == {"over": True}
    assert woken(probe(room, 251, prober=2)) == ["run0"]


def test_a_new_prober_is_started_for_who_comes_after_the_old_one_has_ended() -> None:
    room = crowd(1)
    room.leave("run0")
    assert probe(room, 130) == {"over": True}
    assert enter(room, "b", 131) == {"next": 161, "start": 2}


def test_more_than_are_listed_ask_again_by_themselves() -> None:
    room = crowd(MOST + 1)
    assert len(room.who) == MOST
    assert len(json.dumps(room.to_json())) < 150_000
    room.let_through(GROUP, 131)
    assert "go" in enter(room, f"run{MOST}", 900, tried=100)


operations = st.lists(
    st.tuples(st.sampled_from(["enter", "probe", "news", "pass", "leave"]), st.integers(0, 4), st.sampled_from([GROUP, "import: x"])),
    max_size=60,
)


@given(operations)
def test_whatever_comes_in_whatever_order_nobody_is_forgotten(steps: list[tuple[str, int, str]]) -> None:
    """Who waits is listed until it was told or has left, a prober is there as long as somebody is listed, and the state is plain JSON."""
    room, now, waiting = WaitingRoom(), 100.0, set()
    for number, (what, who, group) in enumerate(steps):
        now, run = now + 1, f"run{who}"
        if what == "enter":
            waiting.discard(run)
            if "go" not in enter(room, run, now, group=group, event=f"go{number}"):
                waiting.add(run)
        elif what == "pass":
            room.let_through(group, now)
        elif what == "leave":
            room.leave(run)
            waiting.discard(run)
        else:
            answer = (probe if what == "probe" else news)(room, now, room.prober)
            if "over" not in answer:
                tell(room, answer)
                waiting -= set(woken(answer))
        room = WaitingRoom.from_json(json.loads(json.dumps(room.to_json())))
        assert set(room.who) == waiting
        assert not waiting or room.until is not None
