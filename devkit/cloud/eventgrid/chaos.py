"""What Event Grid may do to events, and what it must not, when a test asks for it: doubled, out of order, late, lost.

At least once and in no order is all that it promises (acr.md 1.4); a loss stands for what nobody promises either, such as a source that
sends no event at all. Chance comes from the seed and the event's number, so a scripted run is the same each time."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.database import Database
from devkit.cloud.kept import Kept

WINDOW = 10.0  # seconds by the cloud's clock over which events are strewn, where no other number is given


@dataclass(frozen=True, slots=True)
class Fate:
    """`delays`: seconds before each copy is due; none if the event is lost."""

    delays: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    duplicates: float = 0.0  # the share of events that are sent twice
    drop: float = 0.0  # the share that is never sent
    reorder: float = 0.0  # seconds
    delay: float = 0.0  # seconds
    seed: int = 0

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What is left out is off. Raises `ValueError`."""
        if unknown := value.keys() - {"duplicates", "drop", "reorder", "delaySeconds", "seed"}:
            raise ValueError(f"event-chaos: there is no {', '.join(sorted(unknown))}")
        reorder = value.get("reorder", 0)
        window = (WINDOW if reorder else 0) if isinstance(reorder, bool) else reorder
        found = cls(value.get("duplicates", 0), value.get("drop", 0), window, value.get("delaySeconds", 0), value.get("seed", 0))
        if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (found.duplicates, found.drop, window, found.delay)):
            raise ValueError("event-chaos: duplicates, drop and delaySeconds are numbers, reorder is a number of seconds or true")
        if not (0 <= found.duplicates <= 1 and 0 <= found.drop <= 1 and window >= 0 and found.delay >= 0 and isinstance(found.seed, int)):
            raise ValueError(
                "event-chaos: duplicates and drop are shares from 0 to 1, reorder and delaySeconds are 0 or more, seed is whole"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        return {
            "duplicates": self.duplicates, "drop": self.drop, "reorder": self.reorder, "delaySeconds": self.delay, "seed": self.seed
        }  # fmt: skip

    def fate(self, number: int) -> Fate:
        chance = random.Random(f"{self.seed}/{number}")  # noqa: S311 - the same at every run
        lost, doubled = chance.random() < self.drop, chance.random() < self.duplicates
        copies = 0 if lost else 2 if doubled else 1
        return Fate(tuple(self.delay + self.reorder * chance.random() for _ in range(copies)))


class Chaos:
    """As it is now; kept over a restart."""

    def __init__(self, database: Database) -> None:
        self._kept = Kept(database, "event-chaos", {})
        self.now = ChaosSettings.from_json(self._kept.get())

    def set(self, settings: ChaosSettings) -> None:
        self.now = settings
        self._kept.set(settings.to_json())
