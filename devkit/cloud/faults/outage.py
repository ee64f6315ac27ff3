"""A whole cloud that is down: its ports refuse, or accept and reset; all but the control port. What goes on inside goes on."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.waker import Waker
from devkit.cloud.faults.door import Door
from devkit.cloud.kept import Kept

How = Literal["refuses", "resets", "up"]
OUTAGE = "outage"  # in place of a rule's id, in what is recorded of a call


class Outage:
    """Kept over a restart: a cloud that is started while it is down stays down."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._kept = Kept(database, "outage", {"how": "up", "until": None})
        self._cut = Kept(database, "outage-cut", 0)
        self._how: How = "up"
        self._until: float | None = None  # by the cloud's clock
        self._doors: Sequence[Door] = ()
        self._turn = asyncio.Lock()
        self._waker = Waker(clock)

    def cuts(self) -> bool:
        """Whether a call is to be cut off, which is counted."""
        if self._how == "up":
            return False
        self._cut.set(self._cut.get() + 1)
        return True

    def to_json(self) -> dict[str, Any]:
        """`cut`: calls since the cloud's beginning. What a shut port refuses never reaches the cloud, so it is not among them."""
        left = None if self._until is None else max(0.0, self._until - self._clock.now())
        return {"how": self._how, "secondsLeft": left, "cut": self._cut.get()}

    async def set(self, how: How, seconds: float | None) -> None:
        """From now on, for so long or until told otherwise; when it returns, it is so."""
        until = None if seconds is None or how == "up" else self._clock.now() + seconds
        async with self._turn:
            await self._change(how, until)
        self._waker.wake()

    async def begin(self, doors: Sequence[Door]) -> None:
        """With the doors as they were left; opens those that should be open."""
        self._doors = doors
        kept = self._kept.get()
        async with self._turn:
            await self._change(kept["how"], kept["until"])

    async def run(self) -> None:
        """Ends each outage when its time has come."""
        while True:
            self._waker.rest()
            if self._over():
                await self._end()
            await self._waker.woken(self._until)

    def _over(self) -> bool:
        return self._until is not None and self._until <= self._clock.now()

    async def _end(self) -> None:
        """Unless another outage has begun while this one waited for its turn."""
        async with self._turn:
            if self._over():
                await self._change("up", None)

    async def _change(self, how: How, until: float | None) -> None:
        """In one's turn."""
        self._how, self._until = how, until
        self._kept.set({"how": how, "until": until})
        for door in self._doors:
            await (door.shut() if how == "refuses" else door.open())
