"""What a run for one target knows when it starts over with an empty history, which a long one does from time to time.

All times are seconds since the run began; digests are texts."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from replication.failures import Failure
from replication.neighbourhood import Neighbourhood
from replication.outcomes import Outcome
from replication.references import Digest
from replication.waiting import Waits

MOST_TOLD = 100  # removals that an outcome lists, and names in one of them


@dataclass(slots=True)
class Importing:
    """The import under way. `by_parts`: ARM does not take the index whole. `started`: since when it is tried, which goes on while nobody
    knows whether ARM has begun. `operation`: where ARM tells how it stands; None
    when it named nothing. `generation`: of the intent. `unknown`: since when it may have been started, and nobody knows where it stands.
    `asked`: when ARM was last asked, `ask_after` seconds after which it may be asked again (None: not any more).
    `ended`: when ARM called it done, `looked_at_end`: whether the target was asked since. `unanswered`: how often in a row ARM
    did not tell, since `troubled`; `trouble`: why, a `Failure` as JSON."""

    digest: str
    by_parts: bool = False
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
    troubled: float = 0
    trouble: dict[str, Any] | None = None


@dataclass(slots=True)
class Doubt:
    """Something is not as it should be: since when, how often it was looked at again; of an index, what it lacks."""

    since: float
    looks: int = 0
    suspects: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Wide:
    """Of a run that looks at a whole neighbourhood. `digests` and `tags`: all that it has seen of it; they stay in it. `awaited`: those of
    the imports that were open when it began and still are; `awaits`: since when it waits for them. `waited`: the delete delay is over.
    `under_way`: the steps of a look are being taken. `unsettled`: something was changed, and has to be looked at after the settling time.
    `stuck`, tags and digests: what could not be brought, in this round; `trouble`: the first failure for good, `lock`: or a lock, as JSON.
    `left`: what the target did not let go. `removed`: what is gone, and `untold` how many more."""

    digests: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    awaits: float | None = None
    awaited: list[str] | None = None
    waited: bool = False
    under_way: bool = False
    unsettled: bool = False
    stuck: list[str] = field(default_factory=list)
    trouble: dict[str, Any] | None = None
    lock: dict[str, Any] | None = None
    left: list[str] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    untold: int = 0

    def remember(self, around: Neighbourhood) -> None:
        self.digests = list(dict.fromkeys([*self.digests, *(str(one.digest) for one in around.members)]))
        self.tags = list(dict.fromkeys([*self.tags, *(str(one.tag) for one in around.tags)]))

    def tell(self, removed: dict[str, Any]) -> None:
        """That it goes, so that it can be undone; before it is asked for, since an answer may be lost. Once."""
        if removed in self.removed:
            return
        if len(self.removed) < MOST_TOLD:
            self.removed.append(removed)
        else:
            self.untold += 1

    def take_back(self, removed: dict[str, Any]) -> None:
        """It did not go."""
        if removed in self.removed:
            self.removed.remove(removed)
        else:
            self.untold -= 1

    def fail(self, failure: Failure) -> None:
        """For good, of one thing among others."""
        if failure.code == "locked":
            self.lock = self.lock or failure.to_json()
        else:
            self.trouble = self.trouble or failure.to_json()


@dataclass(slots=True)
class Sweep:
    """Of a run over a whole repository. `kinds` of manifests that are left, and `after` which of the first it goes on. `kept`: why
    something of it stays; `stands`: something of it is at the source; `failure`: the first, as JSON. The rest as in `Wide`."""

    kinds: list[str] = field(default_factory=lambda: ["indexes", "others"])
    after: str | None = None
    kept: str | None = None
    stands: bool = False
    failure: dict[str, Any] | None = None
    removed: list[dict[str, Any]] = field(default_factory=list)
    untold: int = 0


@dataclass(slots=True)
class Checked:
    """The first `pages` of what `digest` lists."""

    digest: str
    pages: int


@dataclass(slots=True)
class Progress:
    """`verified`: the outcome so far, which a later look may still overturn. `whole`: the digests of which every child was seen at the
    target. `rounds`: changes made, since `retries` late ones. `doubted`: the source contradicts the event, without a change since.
    `incomplete`: the indexes that lack a child at the source, by digest. `late`: something that was started may land yet, long after.
    `wide`: there once the run looks at a whole neighbourhood. `waits`: its refusals. `checked`: how many pages of what an index lists were
    seen at the target, in a row."""

    verified: Outcome | None = None
    whole: list[str] = field(default_factory=list)
    rounds: int = 0
    retries: int = 0
    brought: bool = False
    late: bool = False
    doubted: Doubt | None = None
    incomplete: dict[str, Doubt] = field(default_factory=dict)
    importing: Importing | None = None
    wide: Wide | None = None
    waits: Waits = field(default_factory=Waits)
    checked: Checked | None = None

    def keep_whole(self, digest: Digest) -> None:
        if str(digest) not in self.whole:
            self.whole.append(str(digest))

    def importing_of(self, digest: Digest) -> Importing | None:
        return self.importing if self.importing is not None and self.importing.digest == str(digest) else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"verified": None if self.verified is None else self.verified.to_json()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        doubted, incomplete = value["doubted"], {digest: Doubt(**one) for digest, one in value["incomplete"].items()}
        importing, verified, wide = value["importing"], value["verified"], value["wide"]
        return cls(
            **value
            | {
                "doubted": None if doubted is None else Doubt(**doubted),
                "incomplete": incomplete,
                "verified": None if verified is None else Outcome.from_json(verified),
                "importing": None if importing is None else Importing(**importing),
                "wide": None if wide is None else Wide(**wide),
                "waits": Waits.from_json(value["waits"]),
                "checked": None if value["checked"] is None else Checked(**value["checked"]),
            }
        )
