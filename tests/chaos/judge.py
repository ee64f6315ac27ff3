"""Where a target differs from the source: every tag, manifest, child and referrer, by what both hold and nothing else.

Two kinds of difference are told apart, for nobody promises anything about them:
- `untagged`: a tag that the source has taken from a manifest, of which no event tells. Reconciliation would see it.
- `excused`: what cannot be brought, for the source's own index lacks a child, and what must stay because of that: the manifests on which
  tags wait that cannot be brought forward, with what belongs to them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.chaos.inventory import Holding, Inventory

Verdict = Literal["differs", "untagged", "excused"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    target: str
    repository: str
    what: str  # "tag missing", "tag wrong", "tag too many"; the same of an image, an index, a child, a referrer
    reference: str
    detail: str = ""
    verdict: Verdict = "differs"

    def __str__(self) -> str:
        sign = "@" if ":" in self.reference else ":"
        return f"{self.target}: {self.what}: {self.repository}{sign}{self.reference}{self.detail and f' ({self.detail})'}"


def compare(source: Inventory, target: Inventory, name: str, untagged: Collection[tuple[str, str]] = ()) -> list[Difference]:
    """`untagged`: repository and tag of those whose last change at the source was that it was taken away, the manifest left."""
    found: list[Difference] = []
    for repository in sorted(source.keys() | target.keys()):
        one = _Repository(repository, source.get(repository, Holding()), target.get(repository, Holding()), name, untagged)
        found += one.differences()
    return found


@dataclass(frozen=True, slots=True)
class _Repository:
    name: str
    source: Holding
    target: Holding
    of: str
    untagged: Collection[tuple[str, str]]

    def differences(self) -> Iterator[Difference]:
        yield from self._tags()
        yield from self._manifests()
        yield from self._referrers()

    def _tags(self) -> Iterator[Difference]:
        for tag in sorted(self.source.tags.keys() | self.target.tags.keys()):
            wanted, held = self.source.tags.get(tag), self.target.tags.get(tag)
            if wanted == held:
                continue
            if wanted is None:
                taken = (self.name, tag) in self.untagged
                yield self._one("tag too many", tag, f"on {_short(held)}", "untagged" if taken else "differs")
            else:
                what = "tag missing" if held is None else "tag wrong"
                detail = f"is {_short(held)}, must be {_short(wanted)}"
                yield self._one(what, tag, detail, "excused" if self._incomplete(wanted) else "differs")

    def _manifests(self) -> Iterator[Difference]:
        source, target = self.source.manifests, self.target.manifests
        for digest in sorted(source.keys() - target.keys()):
            yield self._one(f"{self._kind(digest, self.source)} missing", digest, "", "excused" if self._incomplete(digest) else "differs")
        kept = self._kept_back()
        for digest in sorted(target.keys() - source.keys()):
            tags = ", ".join(tag for tag, meant in self.target.tags.items() if meant == digest)
            detail = f"tags: {tags}" if tags else ""
            yield self._one(f"{self._kind(digest, self.target)} too many", digest, detail, "excused" if digest in kept else "differs")
        for digest in sorted(target.keys() & source.keys()):
            if (wrong := target[digest].wrong) is not None and source[digest].wrong is None:
                yield self._one("bytes wrong", digest, wrong)
            for missing in set(self.target.lacks(digest)) - set(self.source.lacks(digest)):
                yield self._one("index lacks a child", digest, f"lacks {_short(missing)}")

    def _referrers(self) -> Iterator[Difference]:
        """What the API lists of subjects that both have; whether the manifests are there is told already."""
        both = self.source.manifests.keys() & self.target.manifests.keys()
        for subject in sorted(self.source.referrers.keys() & self.target.referrers.keys()):
            wanted, held = self.source.referrers[subject], self.target.referrers[subject]
            for digest in sorted((wanted ^ held) & both):
                yield self._one(f"referrer {'missing' if digest in wanted else 'too many'} in the list", digest, f"of {_short(subject)}")

    def _incomplete(self, digest: str) -> bool:
        return digest in self.source.manifests and bool(self.source.lacks(digest))

    def _kept_back(self) -> set[str]:
        """What the target must keep: that which a tag points at whose own meaning cannot be brought, and what refers to it."""
        kept = {held for tag, held in self.target.tags.items() if self._incomplete(self.source.tags.get(tag, ""))}
        while True:
            more = {digest for digest, one in self.target.manifests.items() if one.subject in kept} | kept
            if more == kept:
                return kept
            kept = more

    def _kind(self, digest: str, holding: Holding) -> str:
        one = holding.manifests[digest]
        if one.subject is not None:
            return "referrer"
        if any(digest in other.children for other in holding.manifests.values()):
            return "child"
        return "index" if one.children else "image"

    def _one(self, what: str, reference: str, detail: str = "", verdict: Verdict = "differs") -> Difference:
        return Difference(self.of, self.name, what, reference, detail, verdict)


def _short(digest: str | None) -> str:
    return "absent" if digest is None else digest[7:19]
