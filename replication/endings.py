"""How a run ended, as figures tell it: no digest, no text of a service."""

from dataclasses import dataclass
from typing import Any, Self

from replication.outcomes import Name, Outcome
from replication.work import Seen, Work

VERIFIED = {"replicated", "already_current", "untagged", "deleted", "already_absent", "superseded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`detail`: a failure's code, or why something was kept or left out. `lag`: seconds from the event's own time until what the outcome
    says was verified; None where nothing was, or the event told no time."""

    target: str
    outcome: Name
    detail: str | None = None
    lag: float | None = None

    @classmethod
    def of(cls, outcome: Outcome, waited: float | None) -> Self:
        """`waited`: seconds from the event's own time until the run began."""
        detail = outcome.reason if outcome.failure is None else outcome.failure.code
        verified = waited is not None and outcome.outcome in VERIFIED
        lag = max(0.0, (waited or 0.0) + outcome.seconds) if verified else None  # the registry's clock may be ahead of ours
        return cls(target=outcome.target, outcome=outcome.outcome, detail=detail, lag=lag)

    def to_json(self) -> dict[str, Any]:
        return {"target": self.target, "outcome": self.outcome, "detail": self.detail, "lag": self.lag}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**value)


def stands(work: Work, seen: Seen, *, whole: bool) -> bool:
    """Whether a push ends with this look for certain, so that it can be recorded there: both sides hold what the event named, and by the
    tag. `whole`: every child of the digest was seen at the target before. Narrower than the decision, never wider."""
    tagged = work.tag is None or seen.source.tagged == seen.target.tagged == work.digest
    there = seen.source.has_digest and seen.target.has_digest and not seen.unclaimed
    return not work.removing and tagged and there and (whole or not seen.index)
