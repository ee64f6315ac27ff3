"""Each target's share of this process, so that one that does not answer leaves room for the others.

The host runs a number of activities at once (host.json), and one that waits for a silent target holds a place among them for half a minute.
A target has a share of the places. When all of it is taken, the next step waits as long as turns come and go; once none has for a while, it
is told so at once, and the orchestrator waits instead, which costs no place. That is this process's own economy: nothing is lost or decided
by it, and another process has places of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from weakref import WeakKeyDictionary

from registries.connections import connections
from replication.failures import Failure, Refused

PLACES = 64  # maxConcurrentActivityFunctions of host.json
SILENCE = 3.0  # seconds without a turn that is taken or given back


class Share:
    def __init__(self, target: str, most: int) -> None:
        self._target = target
        self._most = most
        self._taken = 0
        self._moved = 0.0  # on the loop's clock
        self._given_back = asyncio.Event()  # another one after each time

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises `Refused` where the whole share waits for a target that is silent."""
        loop = asyncio.get_running_loop()
        while self._taken >= self._most:
            left = self._moved + SILENCE - loop.time()
            if left <= 0:
                raise Refused(self._silent())
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._given_back.wait()
        self._taken += 1
        self._moved = loop.time()
        try:
            yield
        finally:
            self._taken -= 1
            self._moved = loop.time()
            self._given_back.set()
            self._given_back = asyncio.Event()

    def _silent(self) -> Failure:
        return Failure(
            kind="transient",
            code="unreachable",
            doing=f"ask {self._target}",
            said=f"{self._most} steps wait for its answers already, and none has come for {SILENCE:g} s",
            hint="It is tried again by itself; if it lasts, look at that registry's health, and at the network between the app and it.",
        )


_shares: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Share]] = WeakKeyDictionary()


def share_of(target: str) -> Share:
    """On the running loop. Sized when it is first asked for, so that all targets but one may be silent. Raises `Refused`."""
    shares = _shares.setdefault(asyncio.get_running_loop(), {})
    if target not in shares:
        shares[target] = Share(target, max(2, PLACES // (len(connections().targets) + 1)))
    return shares[target]
