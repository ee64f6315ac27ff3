"""How a run ended at one target, and the line that a person reads of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from replication.failures import Failure

Name = Literal["replicated", "already_current", "untagged", "deleted", "already_absent", "superseded", "kept", "filtered", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`digest`: what the target holds of it now. `seconds`: from the run's start until this was verified. `reason` belongs to `kept`
    and `filtered`, `failure` to `failed`. `removed`: manifests, `{digest, tags, with}`, and tags, `{tag, digest}`, that this run has taken
    from the target, so that they can be put back; `with`: what referred to the manifest. `untold`: how many more there were."""

    target: str
    outcome: Name
    seconds: float
    digest: str | None = None
    reason: str | None = None
    failure: Failure | None = None
    removed: tuple[dict[str, Any], ...] = ()
    untold: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "outcome": self.outcome,
            "seconds": self.seconds,
            "digest": self.digest,
            "reason": self.reason,
            "failure": None if self.failure is None else self.failure.to_json(),
            "removed": list(self.removed),
            "untold": self.untold,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        failure = value["failure"]
        read = {"failure": None if failure is None else Failure.from_json(failure), "removed": tuple(value.get("removed", ()))}
        return cls(**(value | read))

    def __str__(self) -> str:
        """`china: replicated in 3.2 s`, `usgov: failed (entra_denied)`."""
        detail = f" ({self.failure.code})" if self.failure is not None else f" ({self.reason})" if self.reason else ""
        return f"{self.target}: {self.outcome}{detail} in {self.seconds:.1f} s"


def summary(ended: Iterable[Outcome], waiting: Iterable[str]) -> str:
    """One line: every target once, those that are still at it last."""
    return "; ".join([*map(str, sorted(ended, key=lambda one: one.target)), *(f"{target}: running" for target in sorted(waiting))])
