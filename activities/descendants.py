"""What an index lists, and the indexes in it, as their bytes say: the order in which they can be put, each once.

A digest names its bytes for good, so whoever has them may be asked: the source first, and where a stale replica of it denies them, the
target."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from registries.connections import Connections
from registries.manifests import Manifest
from replication.failures import Failure, Refused
from replication.references import Digest, Repository
from replication.work import Work

MOST = 50_000  # that are listed below one index, so that no index of indexes fills the memory


@dataclass(frozen=True, slots=True)
class Descendant:
    """`unread`: neither side has its bytes, so what it lists is not known, or whether it lists anything."""

    digest: Digest
    index: bool
    unread: bool = False


async def descendants(here: Connections, wanted: Work) -> list[Descendant] | None:
    """Every index after all that it lists; the digest itself is left out. Empty for an image; None where neither side has the bytes.
    Raises `Refused`."""
    top = await _read_anywhere(here, wanted, wanted.digest)
    if top is None or not top.index:
        return None if top is None else []
    found: list[Descendant] = []
    seen, listed, open_indexes = {wanted.digest}, len(top.children), [_Open.of(top)]
    while open_indexes:
        if listed > MOST:  # before anything of it is read: an index in an index in an index may be 4 MB each
            raise Refused(_too_many(wanted.repository, wanted.digest))
        inside = open_indexes[-1]
        child = next((digest for digest in inside.rest if digest not in seen), None)
        if child is None:
            open_indexes.pop()
            if open_indexes:
                found.append(Descendant(inside.digest, True))
            continue
        seen.add(child)
        if child not in inside.indexes:
            found.append(Descendant(child, False))
            continue
        inner = await _read_anywhere(here, wanted, child)
        if inner is not None and inner.index:
            listed += len(inner.children)
            open_indexes.append(_Open.of(inner))
        else:
            found.append(Descendant(child, inner is None, unread=inner is None))
    return found


@dataclass(frozen=True, slots=True)
class _Open:
    """An index on the way down, without its bytes."""

    digest: Digest
    indexes: frozenset[Digest]
    rest: Iterator[Digest]

    @classmethod
    def of(cls, index: Manifest) -> Self:
        return cls(index.digest, frozenset(index.indexes), iter(index.children))


async def all_descendants(here: Connections, wanted: Work) -> list[Descendant]:
    """For whoever counts them, or names one by its position. Raises `Refused` where one cannot be read, which would move the others."""
    found = await descendants(here, wanted)
    unread = [one.digest for one in found if one.unread] if found is not None else [wanted.digest]
    if found is None or unread:
        raise Refused(_unread(wanted, unread))
    return found


async def descendant(here: Connections, wanted: Work, place: int) -> Descendant:
    """The one at that position. Raises `Refused`, also where there is none, as in an input that was forged."""
    listed = await all_descendants(here, wanted)
    if 0 <= place < len(listed):
        return listed[place]
    failure = Failure(
        kind="not_found",
        code="source_incomplete",
        doing=f"find manifest {place} of {wanted.repository}@{wanted.digest.short}…",
        said=f"it lists {len(listed)} manifests",
        hint="Push the index again; if that is no help, report this run's instance id.",
    )
    raise Refused(failure)


async def read(here: Connections, repository: Repository, digest: Digest) -> Manifest | None:
    """From the source, or as it was read before. None says that it is proven absent there."""
    kept = here.kept.get(digest)
    if kept is not None:
        return kept
    return _kept(here, await here.source.manifest(repository, digest))


async def _read_anywhere(here: Connections, wanted: Work, digest: Digest) -> Manifest | None:
    manifest = await read(here, wanted.repository, digest)
    return manifest or _kept(here, await here.target(wanted.target).registry.manifest(wanted.repository, digest))


def _kept(here: Connections, manifest: Manifest | None) -> Manifest | None:
    if manifest is not None:
        here.kept.put(manifest)
    return manifest


def _unread(wanted: Work, digests: list[Digest]) -> Failure:
    return source_lacks(wanted, f"list what {wanted.repository}@{wanted.digest.short}… holds", digests[0])


def source_lacks(wanted: Work, doing: str, digest: Digest) -> Failure:
    """That ends the try at once; the source is asked for proof before it ends more."""
    return Failure(
        kind="not_found",
        code="source_incomplete",
        doing=doing,
        said=f"the source answers that it does not hold {wanted.repository}@{digest}",
        hint="The index is gone from the source, or half of it: push it again if that was not meant.",
    )


def _too_many(repository: Repository, root: Digest) -> Failure:
    return Failure(
        kind="conflict",
        code="manifest_refused",
        doing=f"list what {repository}@{root.short}… holds",
        said=f"more than {MOST} manifests are listed below it",
        hint="Such an index is not replicated: split it.",
    )
