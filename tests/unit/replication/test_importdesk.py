"""Turns at a target's ARM, played against a bucket of which the desk knows nothing."""

import heapq
from collections import Counter

import pytest

from replication.importdesk import AHEAD, ImportDesk


class Bucket:
    """As devkit's: `size` writes, one more each `each` seconds."""

    def __init__(self, size: int, each: float) -> None:
        self._size, self._each, self._left, self._at = size, each, float(size), 0.0

    def take(self, now: float) -> float | None:
        """Seconds that it asks to wait; None: taken."""
        self._left, self._at = min(self._size, self._left + (now - self._at) / self._each), now
        if self._left >= 1:
            self._left -= 1
            return None
        return max(1.0, -(-(1 - self._left) * self._each // 1))


class Played:
    """Runs that come at `times`, each until it was taken."""

    def __init__(self, bucket: Bucket, times: list[float]) -> None:
        self.taken: dict[int, float] = {}
        self.tries: list[float] = []
        self.undercut = 0
        desk, asked = ImportDesk(), Counter[int]()
        may: dict[int, float] = {}
        since: dict[int, float] = {}
        queue = [(at, number, True) for number, at in enumerate(times)]
        heapq.heapify(queue)
        while queue:
            now, number, goes = heapq.heappop(queue)
            if goes:
                self.undercut += now < may.get(number, 0)
                self.tries.append(now)
                wait = bucket.take(now)
                if wait is None:
                    self.taken[number] = now
                    if asked[number]:
                        desk.took(now=now)
                    continue
                may[number] = now + wait
            answer = desk.turn(now=now, asked_to_wait=max(0.0, may[number] - now), since=since.setdefault(number, now))
            asked[number] += 1
            goes = "after" in answer
            heapq.heappush(queue, (now + (answer["after"] if goes else answer["ask_after"]), number, goes))
            desk = ImportDesk.from_json(desk.to_json())


@pytest.mark.parametrize("each", [0.5, 3, 20])
def test_a_thousand_at_once_take_hardly_longer_than_the_quota_allows(each: float) -> None:
    played = Played(Bucket(20, each), [0.001 * number for number in range(1000)])
    assert len(played.taken) == 1000
    assert max(played.taken.values()) <= 1.2 * 980 * each + 60
    assert played.undercut == 0
    assert len(played.tries) < 3 * 1000


def test_a_fresh_push_does_not_queue_behind_those_who_were_turned_away() -> None:
    fresh = [600.0 + 100 * number for number in range(10)]
    played = Played(Bucket(20, 3), [0.001 * number for number in range(1000)] + fresh)
    assert all(played.taken[1000 + number] - at < 120 for number, at in enumerate(fresh))


def test_nobody_is_given_a_turn_that_is_far_ahead() -> None:
    desk = ImportDesk()
    answers = [desk.turn(now=200, asked_to_wait=3, since=0) for _ in range(800)]
    assert max(one.get("after", 0) for one in answers) <= AHEAD
    assert [one for one in answers if "ask_after" in one]


def test_who_is_asked_to_wait_for_hours_is_not_given_an_earlier_turn() -> None:
    assert ImportDesk().turn(now=200, asked_to_wait=7200, since=0)["after"] >= 7200
    assert ImportDesk().turn(now=0, asked_to_wait=7200, since=0)["after"] >= 7200
