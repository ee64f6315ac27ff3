"""For work that sleeps until there is something to do."""

import asyncio

from devkit.cloud.clock import Clock


class Waker:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    def rest(self) -> None:
        """Called before looking for something to do: what comes up from now on is not missed."""
        self._changed.clear()

    async def woken(self, due: float | None) -> None:
        """At `due` by the clock, or when woken."""
        if due is None:
            await self._changed.wait()
            return
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await self._clock.within(changed, due)
        finally:
            changed.cancel()
