"""How many writes ARM takes: a bucket that is filled again one by one ("Understand how Azure Resource Manager throttles requests": for each
subscription and region 200 writes, and 10 more each second). Off unless it is told a size.

Azure's Retry-After is the time until there is one again, in whole seconds, at least one; so is ours. What is in the bucket does not outlive
the process, its size does."""

import math
from collections.abc import Mapping
from typing import Any

from devkit.cloud.clock import Clock
from devkit.cloud.config.reading import number
from devkit.cloud.database import Database
from devkit.cloud.errors import ArmRefusal
from devkit.cloud.kept import Kept

OFF = {"size": None, "secondsEach": 0.1}


class WriteBucket:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._kept = Kept(database, "arm-writes", OFF)
        self._clock = clock
        self._left, self._at = float(self.size or 0), clock.now()
        self.refused = 0

    @property
    def size(self) -> float | None:
        size = self._kept.get()["size"]
        return None if size is None else float(size)

    def set(self, value: Mapping[str, Any]) -> None:
        """`{size, secondsEach}`: full from now on; a `size` of null switches it off. Raises `ValueError`."""
        size = None if value.get("size") is None else number(value["size"], "size", least=1)
        self._kept.set({"size": size, "secondsEach": number(value.get("secondsEach", OFF["secondsEach"]), "secondsEach", least=0.001)})
        self._left, self._at, self.refused = size or 0.0, self._clock.now(), 0

    def take(self) -> None:
        """Raises the 429, which takes nothing."""
        if (size := self.size) is None:
            return
        each, now = self._kept.get()["secondsEach"], self._clock.now()
        self._left, self._at = min(size, self._left + (now - self._at) / each), now
        if self._left < 1:
            self.refused += 1
            after = max(1, math.ceil((1 - self._left) * each))
            message = "Number of write requests for the subscription exceeded the limit. Please try again later."
            raise ArmRefusal(429, "SubscriptionRequestsThrottled", message, {"Retry-After": str(after)})
        self._left -= 1

    def to_json(self) -> dict[str, Any]:
        return {**self._kept.get(), "refused": self.refused}
