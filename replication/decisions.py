"""The one decision: what brings a target a step nearer to the source. It knows states, never which event woke it or what failed before.

An event says "look at this repository, tag and digest". What the source holds now and what the target holds now answer the rest, so a
duplicate, late or overtaken event is harmless."""

from dataclasses import dataclass
from typing import Any, Self

from replication.references import Digest, Tag, optional_digest


@dataclass(frozen=True, slots=True)
class Held:
    """What a registry holds of what an event names: the digest its tag means (None: no such tag), and whether its digest is there."""

    tagged: Digest | None
    has_digest: bool

    def to_json(self) -> dict[str, Any]:
        return {"tagged": None if self.tagged is None else str(self.tagged), "has_digest": self.has_digest}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(optional_digest(value["tagged"]), bool(value["has_digest"]))


@dataclass(frozen=True, slots=True)
class Bring:
    """The content of `digest`, then, with `tag`, what the tag means."""

    digest: Digest
    tag: Tag | None


@dataclass(frozen=True, slots=True)
class Widen:
    """The target holds more than the source, or neither holds the digest any longer: the digest's whole neighbourhood has to be looked at,
    since what hung on it may hang there still."""


@dataclass(frozen=True, slots=True)
class Rest:
    """As far as this event reaches, source and target are equal."""


Step = Bring | Widen | Rest


def next_step(*, tag: Tag | None, digest: Digest, source: Held, target: Held) -> Step:
    if tag is not None and source.tagged is not None and source.tagged != target.tagged:
        return Bring(source.tagged, tag)  # what the tag means now; the event's digest may be history
    if source.has_digest and not target.has_digest:
        return Bring(digest, None)
    if not source.has_digest or (tag is not None and source.tagged is None and target.tagged is not None):
        return Widen()
    return Rest()


def contradicts_push(*, tag: Tag | None, digest: Digest, source: Held) -> bool:
    """Whether the source does not answer what the push event told. A stale replica may have answered: it is worth another look."""
    return not source.has_digest or (tag is not None and source.tagged != digest)
