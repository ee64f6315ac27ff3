"""What travels between orchestrators and activities: names, no address, no secret, since inputs and outputs are stored in plain text.

An activity looks everything else up by the target's name, in the settings of its moment."""

from dataclasses import dataclass, replace
from typing import Any, Self

from replication.decisions import Held
from replication.references import Digest, Repository, Tag, optional_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One artifact at one target. `removing`: for a delete event."""

    target: str
    repository: Repository
    tag: Tag | None
    digest: Digest
    removing: bool = False

    def of(self, digest: Digest, tag: Tag | None) -> Self:
        return replace(self, digest=digest, tag=tag)

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "repository": str(self.repository),
            "tag": None if self.tag is None else str(self.tag),
            "digest": str(self.digest),
            "removing": self.removing,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(
            target=value["target"],
            repository=Repository.parse(value["repository"]),
            tag=optional_tag(value["tag"]),
            digest=Digest.parse(value["digest"]),
            removing=value["removing"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What `look` found. `index`: whether the source's tag (without one, the digest) names an index, which is more than its digest.
    `unclaimed`: pushed without a tag, without a subject, and not at the target: an index that lists it may be about to bring it."""

    source: Held
    target: Held
    index: bool = False
    unclaimed: bool = False

    def to_json(self) -> dict[str, Any]:
        sides = {"source": self.source.to_json(), "target": self.target.to_json()}
        return {**sides, "index": self.index, "unclaimed": self.unclaimed}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        source, target = Held.from_json(value["source"]), Held.from_json(value["target"])
        return cls(source=source, target=target, index=value["index"], unclaimed=value["unclaimed"])
