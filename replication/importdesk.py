"""When a target's ARM, which takes only so many imports at a time, may be asked again: a desk that gives turns, in durable state.

Nobody comes here who was not turned away. The pace is learned: a little faster than turns succeeded of late, so that what the quota
allows is used up whatever it is. There are two lanes: one turn in eight is kept for who has come lately, so that a fresh push
does not queue behind all those that were turned away before it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

DESK = "import_desk"
SHARE = 8  # one turn in so many is for fresh ones
YOUNG = 120.0  # seconds since it was turned away first: so long one is fresh, also when its turn was in vain
FRESH_WITHIN = 60.0  # seconds; fresh ones who would wait longer queue with the others
AHEAD = 600.0  # seconds; turns that are later are not given: who would have one asks again, when the pace is better known
FASTER = 0.8  # than turns have succeeded: the share that is kept for fresh ones is not always used
WEIGHT = 0.2  # of the latest turn that succeeded
FIRST_SHARE = 1 / 3  # of what ARM asks to wait for: too fast a pace costs some requests, too slow a one time
SHORTEST_PACE, LONGEST_PACE = 0.2, 60.0  # seconds from one turn to the next


@dataclass(slots=True)
class ImportDesk:
    """`pace`: seconds from one turn to the next; None: not known. `fresh`, `others`: when each lane has its next turn. `went`: when a turn
    succeeded last. All in seconds since 1970."""

    pace: float | None = None
    fresh: float = 0
    others: float = 0
    went: float | None = None

    def turn(self, *, now: float, asked_to_wait: float, since: float) -> dict[str, Any]:
        """`{after}`: seconds until its turn, never less than ARM asked it to wait; or `{ask_after}`, since it is not known yet."""
        if self.pace is None:
            self.pace = min(max(asked_to_wait * FIRST_SHARE, SHORTEST_PACE), LONGEST_PACE)
        earliest = now + asked_to_wait
        if now - since < YOUNG and (at := max(self.fresh, earliest)) - now <= max(FRESH_WITHIN, asked_to_wait):
            self.fresh = at + SHARE * self.pace
            return {"after": round(at - now, 3)}
        at = max(self.others, earliest)
        if at - now > max(AHEAD, asked_to_wait):
            return {"ask_after": AHEAD}
        self.others = at + self.pace * SHARE / (SHARE - 1)
        return {"after": round(at - now, 3)}

    def took(self, *, now: float) -> None:
        """A turn succeeded."""
        if self.pace is not None and self.went is not None:
            between = min(max(now - self.went, 0.0), LONGEST_PACE)
            self.pace = max(SHORTEST_PACE, (1 - WEIGHT) * self.pace + WEIGHT * FASTER * between)
        self.went = now

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> Self:
        return cls() if value is None else cls(**value)
