"""One cloud's time, which runs `scale` times as fast as the machine's: a day's outage can be a second's test.

Everything that lasts is counted by it: tokens, imports, retries, quotas. Durations on the wire are the cloud's own seconds: at a scale of
60 a `Retry-After: 60` has passed after one real second. It goes on while the cloud is down; a change of scale does not make it jump."""

import asyncio
import time
from typing import Any

from devkit.cloud import times
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept

MOST_SKEW = 10 * 365 * 86_400
MOST_ADVANCE = 100 * 365 * 86_400
LATEST = 250_000_000_000  # in the year 9892: what lasts from then still ends at a time that can be written


class Clock:
    def __init__(self, database: Database, scale: float) -> None:
        """`scale` is the settings file's."""
        self._scale, self._skew = scale, 0.0
        self._cloud = self._real = time.time()
        self._changed = asyncio.Event()
        self._anchors = Kept(database, "clock-anchors", None)
        self._rates = Kept(database, "clock-rates", {"scale": scale, "skewSeconds": 0.0})
        if anchors := self._anchors.get():
            self._cloud, self._real, self._scale = anchors
        rates = self._rates.get()
        self._keep(self.now(), rates["scale"], rates["skewSeconds"])

    @property
    def scale(self) -> float:
        return self._scale

    @property
    def skew(self) -> float:
        return self._skew

    def now(self) -> float:
        """Seconds since the epoch: what durations are counted by."""
        return self._cloud + (time.time() - self._real) * self._scale

    def wall(self) -> float:
        """What the cloud's machines take for the time: `now` and their skew. Written on the wire and into tokens."""
        return self.now() + self._skew

    def text(self) -> str:
        """RFC 3339 with seven fractional digits, as ARM, attributes and Event Grid's envelopes have it."""
        return times.rfc3339(int(self.wall() * 1e9), digits=7)

    def nanoseconds_text(self) -> str:
        """Nine fractional digits, as the registry stamps an event's data (acr.md 1.2)."""
        return times.rfc3339(int(self.wall() * 1e9), digits=9)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Ends the earlier when the clock is set forward, the later when it is slowed down."""
        while (left := moment - self.now()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), left / self._scale)
            except TimeoutError:
                continue

    async def within(self, work: asyncio.Future[Any], moment: float) -> bool:
        """Whether `work` is done by then; it goes on if it is not. Returns as soon as it is known."""
        while not work.done() and (left := moment - self.now()) > 0:
            changed = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait({work, changed}, timeout=left / self._scale, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
        return work.done()

    def set(self, *, scale: float, skew: float, advance: float = 0.0) -> None:
        """From now on: another scale, machines that are `skew` seconds off, and it is `advance` seconds later.

        Raises `ValueError`, and changes nothing, for a time that no service could write any more."""
        later = self.now() + advance
        if later + skew > LATEST:
            raise ValueError(f"the clock would be past {times.rfc3339(LATEST * 10**9, digits=0)[:10]}: advance it by less")
        self._keep(later, scale, skew)

    def _keep(self, now: float, scale: float, skew: float) -> None:
        self._cloud, self._real = now, time.time()
        self._scale, self._skew = scale, skew
        self._anchors.set([self._cloud, self._real, scale])
        self._rates.set({"scale": scale, "skewSeconds": skew})
        self._changed.set()  # who sleeps counts anew
        self._changed = asyncio.Event()

    def to_json(self) -> dict[str, Any]:
        return {"now": self.text(), "scale": self._scale, "skewSeconds": self._skew}
