"""What a run for one target knows when it starts over with an empty history, which a long one does from time to time.

All times are seconds since the run began; digests are texts."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from replication.outcomes import Outcome
from replication.references import Digest


@dataclass(slots=True)
class Importing:
    """The import under way. `began`: the first try for this digest; `started`: this one. `operation`: where ARM tells how it stands; None
    when it named nothing. `generation`: of the intent. `unknown`: since when it may have been started, and nobody knows where it stands.
    `asked`: when ARM was last asked, `ask_after` seconds after which it may be asked again (None: not any more).
    `ended`: when ARM called it done, `looked_at_end`: whether the target was asked since. `unanswered`: how often in a row ARM
    did not tell, `trouble`: why, a `Failure` as JSON."""

    digest: str
    began: float
    tries: int = 0
    under_way: bool = False
    started: float = 0
    operation: str | None = None
    generation: str | None = None
    unknown: float | None = None
    asked: float = 0
    ask_after: float | None = None
    ended: float | None = None
    looked_at_end: bool = False
    unanswered: int = 0
    trouble: dict[str, Any] | None = None


@dataclass(slots=True)
class Doubt:
    """Something is not as it should be: since when, how often it was looked at again; of which digest, and what that lacks."""

    since: float
    looks: int = 0
    digest: str = ""
    suspects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Progress:
    """`verified`: the outcome so far, which a later look may still overturn. `whole`: the digests of which every child was seen at the
    target. `rounds`: changes made. `unsettled`: something was removed, and has to be looked at after the settling time. `doubted`: the
    source contradicts the event, without a change since. `incomplete`: an index that lacks a child at the source."""

    verified: Outcome | None = None
    whole: list[str] = field(default_factory=list)
    rounds: int = 0
    brought: bool = False
    removed: bool = False
    unsettled: bool = False
    doubted: Doubt | None = None
    incomplete: Doubt | None = None
    importing: Importing | None = None

    def keep_whole(self, digest: Digest) -> None:
        if str(digest) not in self.whole:
            self.whole.append(str(digest))

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"verified": None if self.verified is None else self.verified.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        doubts = {name: None if value[name] is None else Doubt(**value[name]) for name in ("doubted", "incomplete")}
        importing, verified = value["importing"], value["verified"]
        return cls(
            **value
            | doubts
            | {
                "verified": None if verified is None else Outcome.from_json(verified),
                "importing": None if importing is None else Importing(**importing),
            }
        )
