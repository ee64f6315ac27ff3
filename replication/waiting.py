"""What a run knows of its refusals, and what waits with it. Times are seconds since 1970, of the run's own time."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from replication.failures import Failure

SOURCE = ":source"  # a place as the targets are, whose names have no colon
ROOM = "waiting_room"
PROBER = "prober"


@dataclass(slots=True)
class Refusal:
    """Of a step that was not let through since: the first one, the latest, how many there were, and what was said."""

    since: float
    tried: float
    tries: int
    failure: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.failure["code"])

    @property
    def may_be_asked_at(self) -> float:
        """No sooner, whoever wakes us."""
        return self.tried + (self.failure["retry_after"] or 0)


@dataclass(slots=True)
class Waits:
    """`refused`: by step. `step`: with which it waits at its place, among others. `waited`: how often it has done so, which names the
    event that ends it. `trial`: the group that waits for how this run fares, which was woken before them."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    step: str | None = None
    waited: int = 0
    trial: str | None = None

    def refuse(self, step: str, failure: Failure, now: float) -> Refusal:
        """Once more."""
        before = self.refused.get(step)
        since, tries = (now, 0) if before is None else (before.since, before.tries)
        self.refused[step] = Refusal(since, now, tries + 1, failure.to_json())
        return self.refused[step]

    def forget(self, step: str) -> None:
        self.refused.pop(step, None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**value | {"refused": {step: Refusal(**one) for step, one in value["refused"].items()}})


def group_of(step: str, code: str) -> str:
    """Those who are refused at one step for one reason: when one of them is let through, the others may be."""
    return f"{step}: {code}"


def prober_id(place: str, number: int) -> str:
    return f"{PROBER}~~{place}~{number}"
