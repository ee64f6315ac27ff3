"""Who has something to do, and when: kept in memory from what was committed, so that nothing has to be looked for in the database."""

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from devkit.host.clock import moment_of, stamp

CROWD = 8  # instances


class Agenda:
    """An instance works on one thing at a time; what comes meanwhile makes it due again afterwards."""

    def __init__(self) -> None:
        self._due: deque[str] = deque()
        self._known: set[str] = set()  # in `_due`
        self._later: list[tuple[str, str]] = []  # a heap of (time, instance)
        self._busy: set[str] = set()
        self._resting: set[str] = set()
        self._again: set[str] = set()

    def note(self, messages: Iterable[tuple[str, str]]) -> None:
        """`messages` are (instance, time from which it is visible): texts that sort as the times do."""
        for id, visible in messages:
            if visible[:1] in ("", "0"):  # at once
                self.add(id)
            else:
                heapq.heappush(self._later, (visible, id))

    def add(self, id: str) -> None:
        if id in self._busy or id in self._resting:
            self._again.add(id)
        elif id not in self._known:
            self._known.add(id)
            self._due.append(id)

    def advance(self, now: datetime) -> datetime | None:
        """Those whose time has come are due; returns when the next one is."""
        text = stamp(now)
        while self._later and self._later[0][0] <= text:
            self.add(heapq.heappop(self._later)[1])
        return moment_of(self._later[0][0]) if self._later else None

    def take(self) -> str | None:
        """The one that has waited longest; it is busy until `done`."""
        if not self._due:
            return None
        id = self._due.popleft()
        self._known.discard(id)
        self._busy.add(id)
        return id

    def rest(self, id: str) -> None:
        """Busy no more, but not to be taken before it is `done`."""
        self._busy.discard(id)
        self._resting.add(id)

    def done(self, id: str) -> None:
        self._busy.discard(id)
        self._resting.discard(id)
        if id in self._again:
            self._again.discard(id)
            self.add(id)

    @property
    def crowded(self) -> bool:
        """Whether there is work for all threads for a while."""
        return len(self._busy) >= CROWD

    @property
    def busy(self) -> int:
        return len(self._busy)
