"""How a run ended at one target, and the line that a person reads of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from replication.decisions import Keep, Rest
from replication.failures import Failure
from replication.references import Digest
from replication.work import Seen, Work

Name = Literal["replicated", "already_current", "deleted", "already_absent", "superseded", "kept", "filtered", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`digest`: what the target holds of it now. `seconds`: from the run's start until this was verified. `reason` belongs to `kept`
    and `filtered`, `failure` to `failed`."""

    target: str
    outcome: Name
    seconds: float
    digest: str | None = None
    reason: str | None = None
    failure: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "outcome": self.outcome,
            "seconds": self.seconds,
            "digest": self.digest,
            "reason": self.reason,
            "failure": None if self.failure is None else self.failure.to_json(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        failure = value["failure"]
        return cls(**(value | {"failure": None if failure is None else Failure.from_json(failure)}))

    def __str__(self) -> str:
        """`china: replicated in 3.2 s`, `usgov: failed (entra_denied)`."""
        detail = f" ({self.failure.code})" if self.failure is not None else f" ({self.reason})" if self.reason else ""
        return f"{self.target}: {self.outcome}{detail} in {self.seconds:.1f} s"


def conclude(work: Work, seen: Seen, step: Keep | Rest, *, brought: bool, removed: bool) -> tuple[Name, Digest | None, str | None]:
    """Of a run that has nothing left to do: its outcome, what the target holds of it now, and why it keeps something, if it does."""
    held = seen.target.tagged if work.tag is not None else work.digest if seen.target.has_digest else None
    if isinstance(step, Keep):
        return "kept", held, step.reason
    if not work.removing and work.tag is not None and seen.source.tagged not in (None, work.digest):
        return "superseded", held, None
    if seen.source.has_digest:
        return "replicated" if brought else "already_current", held, None
    return "deleted" if removed else "already_absent", held, None


def summary(ended: Iterable[Outcome], waiting: Iterable[str]) -> str:
    """One line: every target once, those that are still at it last."""
    return "; ".join([*map(str, sorted(ended, key=lambda one: one.target)), *(f"{target}: running" for target in sorted(waiting))])
