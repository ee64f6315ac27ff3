"""Activities that wait for a free place, in a lane for each instance: the lanes are served in turn, so that none waits for a wide fan-out
of another."""

from collections import deque
from collections.abc import Iterable


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[str, deque[int]] = {}  # in the order of their turns; none is empty

    def add(self, instance: str, rows: Iterable[int]) -> None:
        if lane := deque(rows):
            self._lanes.setdefault(instance, deque()).extend(lane)

    def take(self) -> tuple[str, int] | None:
        """An instance and the row that has waited longest among its own."""
        if not self._lanes:
            return None
        instance = next(iter(self._lanes))
        lane = self._lanes.pop(instance)
        row = lane.popleft()
        if lane:
            self._lanes[instance] = lane  # behind the others
        return instance, row
