"""A digest's whole neighbourhood, and the decision about it: every tag that points at the digest, every referrer of it and theirs, at the
source and at the target. Whatever removes looks at all of it (DESIGN, rule 1).

A DELETE takes more than its manifest: every tag that still points there and, at ACR, whatever refers to it (acr.md 5)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Self

from replication.decisions import Bring
from replication.references import Digest, Tag, optional_digest


@dataclass(frozen=True, slots=True)
class Member:
    """A manifest. `subject`: the member that it refers to. `bound`: at the target something hangs on it that is out of the target's scope,
    a tag or a referrer; so it is not ours to delete. `wanted`: for its own sake, without a tag."""

    digest: Digest
    source: bool
    target: bool
    index: bool = False
    subject: Digest | None = None
    bound: bool = False
    wanted: bool = True

    @property
    def gone(self) -> bool:
        """From the source, and not from the target."""
        return self.target and not self.source


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a tag means on both sides; None: there is no such tag."""

    tag: Tag
    source: Digest | None
    target: Digest | None


@dataclass(frozen=True, slots=True)
class Untag:
    """The target's tag alone; the manifest that it means there stays."""

    tag: Tag
    digest: Digest


@dataclass(frozen=True, slots=True)
class Remove:
    """The manifest at the target, with `tags` that still point at it. `takes`: what refers to it and goes along."""

    digest: Digest
    tags: tuple[Tag, ...]
    takes: tuple[Digest, ...]


Step = Bring | Untag | Remove


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """`members`: what was asked for, then what refers to it. `spares`: why nothing is to be removed from that target at all: `deletes_off`,
    or `foreign` where no event told that it was deleted; None where something may be."""

    members: tuple[Member, ...]
    tags: tuple[Meaning, ...] = ()
    spares: str | None = None

    def of(self, digest: Digest) -> Member:
        return next(one for one in self.members if one.digest == digest)

    def next_steps(self, stuck: Collection[str] = (), left: Collection[str] = (), named: Collection[str] | None = None) -> tuple[Step, ...]:
        """What to do now, in this order; then look again. Nothing: the target holds what the source holds, but for what is kept.

        First whatever is brought, tags that the source has moved on among it, and tags that are removed one by one; only when there is
        nothing of that, what goes whole. `stuck`, tags and digests: cannot be brought for now; that keeps back nothing but the manifest
        whose tag waits for it. `left`: locked at the target. `named`: of a push, the tag and digest that it named; what else stands at the
        target alone may be somebody's, unless what it hangs on is gone. None: a deletion, which means all around."""
        going = {one.digest: self._falls_with(one) for one in self.members if self._may_go(one, stuck, left, named)}
        untagged = self._untagged(left, frozenset(digest for falls in going.values() for digest in falls), named)
        steps: tuple[Step, ...] = (*self._brought(stuck), *untagged)
        if steps:
            return steps
        first = sorted((one.digest for one in self.members if one.digest in going), key=lambda digest: not self.of(digest).index)
        with_others = {other for digest, falls in going.items() for other in falls - {digest}}
        return tuple(self._removal(digest, going[digest]) for digest in first if digest not in with_others)

    def keeps(self, digest: Digest, left: Collection[str] = ()) -> str | None:
        """Why the target still holds that member, which the source does not; None where it does not."""
        if not self.of(digest).gone:
            return None
        falls = self._falls_with(self.of(digest))
        if self.spares is not None:
            return self.spares
        if any(str(each) in left for each in falls):
            return "locked"
        return "out_of_scope" if any(self.of(each).bound for each in falls) else "neighbourhood"

    def keeps_tag(self, left: Collection[str] = ()) -> str | None:
        """Why the target still has a tag that the source has not; None where it has none."""
        many = [one for one in self.tags if one.source is None and one.target is not None]
        locked = any(str(one.tag) in left or str(one.target) in left for one in many)
        return None if not many else self.spares or ("locked" if locked else "neighbourhood")

    def _may_go(self, one: Member, stuck: Collection[str], left: Collection[str], named: Collection[str] | None) -> bool:
        """Not while a tag that would fall with it waits to be brought forward."""
        if not one.gone or self.spares is not None:
            return False
        if named is not None and str(one.digest) not in named and one.subject is not None and self.of(one.subject).source:
            return False
        falls = self._falls_with(one)
        waits = (tag for tag in self.tags if tag.target in falls and tag.source is not None and tag.source not in falls)
        held = any(self.of(each).bound or str(each) in left for each in falls)
        return not held and not any(str(tag.tag) in stuck for tag in waits)

    def _falls_with(self, one: Member) -> frozenset[Digest]:
        """What the DELETE of it takes, itself first: whatever refers to it at the target, and to that."""
        falls = {one.digest}
        while more := {each.digest for each in self.members if each.target and each.subject in falls} - falls:
            falls |= more
        return frozenset(falls)

    def _brought(self, stuck: Collection[str]) -> Iterator[Bring]:
        with_a_tag = set()
        for one in self.tags:
            if one.source is not None and one.source != one.target:
                with_a_tag.add(one.source)
                if str(one.tag) not in stuck:
                    yield Bring(one.source, one.tag)
        for member in self.members:
            lacking = member.source and not member.target and member.wanted
            if lacking and member.digest not in with_a_tag and str(member.digest) not in stuck:
                yield Bring(member.digest, None)

    def _untagged(self, left: Collection[str], going: Collection[Digest], named: Collection[str] | None) -> tuple[Untag, ...]:
        """What falls with a manifest is left to its DELETE. Where a manifest is locked, so is what a reader finds it by."""
        if self.spares is not None:
            return ()
        stands = {one.digest for one in self.members if one.source} if named is not None else set()
        too_many = ((one.tag, one.target) for one in self.tags if one.source is None and one.target is not None)
        kept = {*left, *map(str, going)}
        mine = ((tag, digest) for tag, digest in too_many if digest not in stands or str(tag) in (named or ()))
        return tuple(Untag(tag, digest) for tag, digest in mine if str(tag) not in kept and str(digest) not in kept)

    def _removal(self, digest: Digest, falls: frozenset[Digest]) -> Remove:
        tags = tuple(sorted(tag.tag for tag in self.tags if tag.target in falls))
        return Remove(digest, tags, tuple(sorted(falls - {digest})))

    def to_json(self) -> dict[str, Any]:
        members = [
            {
                "digest": str(one.digest),
                "source": one.source,
                "target": one.target,
                "index": one.index,
                "subject": _text(one.subject),
                "bound": one.bound,
                "wanted": one.wanted,
            }
            for one in self.members
        ]
        tags = [{"tag": str(one.tag), "source": _text(one.source), "target": _text(one.target)} for one in self.tags]
        return {"members": members, "tags": tags, "spares": self.spares}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        members = (one | {"digest": Digest.parse(one["digest"]), "subject": optional_digest(one["subject"])} for one in value["members"])
        tags = (Meaning(Tag.parse(one["tag"]), optional_digest(one["source"]), optional_digest(one["target"])) for one in value["tags"])
        return cls(tuple(Member(**one) for one in members), tuple(tags), value["spares"])


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
