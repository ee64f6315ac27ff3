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


class Outage:
    """Kept over a restart: a cloud that is started while it is down stays down."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._kept = Kept(database, "outage", {"how": "up", "until": None})
        self._how: How = "up"
        self._until: float | None = None  # by the cloud's clock
        self._doors: Sequence[Door] = ()
        self._turn = asyncio.Lock()
        self._waker = Waker(clock)

    @property
    def resets(self) -> bool:
        return self._how == "resets"

    def to_json(self) -> dict[str, Any]:
        left = None if self._until is None else max(0.0, self._until - self._clock.now())
        return {"how": self._how, "secondsLeft": left}

    async def set(self, how: How, seconds: float | None) -> None:
        """From now on, for so long or until told otherwise; when it returns, it is so."""
        until = None if seconds is None or how == "up" else self._clock.now() + seconds
        self._kept.set({"how": how, "until": until})
        await self._apply(how, until)
        self._waker.wake()

    async def begin(self, doors: Sequence[Door]) -> None:
        """With the doors as they were left; opens those that should be open."""
        self._doors = doors
        kept = self._kept.get()
        await self._apply(kept["how"], kept["until"])

    async def run(self) -> None:
        """Ends each outage when its time has come."""
        while True:
            self._waker.rest()
            if self._until is not None and self._until <= self._clock.now():
                await self.set("up", None)
            await self._waker.woken(self._until)

    async def _apply(self, how: How, until: float | None) -> None:
        async with self._turn:
            self._how, self._until = how, until
            for door in self._doors:
                await (door.shut() if how == "refuses" else door.open())
