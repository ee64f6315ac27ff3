"""Activities that wait for a free place, in a lane for each instance: the lanes are served in turn, so that none waits for a wide fan-out
of another."""

from collections import deque
from collections.abc import Iterable

AT_A_TURN = 50  # activities: those of a fan-out of ordinary width end together, and cost one replay


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[str, deque[int]] = {}  # in the order of their turns; none is empty
        self._left = AT_A_TURN  # of the first one's turn

    def add(self, instance: str, rows: Iterable[int]) -> None:
        if lane := deque(rows):
            self._lanes.setdefault(instance, deque()).extend(lane)

    def take(self) -> tuple[str, int] | None:
        """An instance and the row that has waited longest among its own."""
        if not self._lanes:
            return None
        instance, lane = next(iter(self._lanes.items()))
        row = lane.popleft()
        self._left -= 1
        if not lane or self._left == 0:
            self._left = AT_A_TURN
            del self._lanes[instance]
            if lane:
                self._lanes[instance] = lane  # behind the others
        return instance, row
