"""What an index lists, and the indexes in it, as the source's own bytes say: the order in which they can be put, each once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from registries.connections import Connections
from registries.manifests import Manifest
from replication.failures import Failure, Refused
from replication.references import Digest, Repository

MOST = 50_000  # that are listed below one index, so that no index of indexes fills the memory


@dataclass(frozen=True, slots=True)
class Descendant:
    digest: Digest
    index: bool


async def descendants(here: Connections, repository: Repository, root: Digest) -> list[Descendant]:
    """Every index after all that it lists; `root` itself is left out. Empty for an image, and for what the source has no longer. Raises
    `Refused`."""
    top = await read(here, repository, root)
    if top is None or not top.index:
        return []
    found: list[Descendant] = []
    seen, listed, open_indexes = {root}, len(top.children), [_Open.of(top)]
    while open_indexes:
        if listed > MOST:  # before anything of it is read: an index in an index in an index may be 4 MB each
            raise Refused(_too_many(repository, root))
        inside = open_indexes[-1]
        child = next((digest for digest in inside.rest if digest not in seen), None)
        if child is None:
            open_indexes.pop()
            if open_indexes:
                found.append(Descendant(inside.digest, True))
            continue
        seen.add(child)
        inner = await read(here, repository, child) if child in inside.indexes else None
        if inner is not None:
            listed += len(inner.children)
            open_indexes.append(_Open.of(inner))
        else:
            found.append(Descendant(child, child in inside.indexes))
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


async def descendant(here: Connections, repository: Repository, root: Digest, place: int) -> Descendant:
    """The one at that position. Raises `Refused`, also where the source has the index no longer."""
    listed = await descendants(here, repository, root)
    if 0 <= place < len(listed):
        return listed[place]
    failure = Failure(
        kind="not_found",
        code="source_incomplete",
        doing=f"find manifest {place} of {repository}@{root.short}…",
        said=f"the source lists {len(listed)} manifests there",
        hint="The index is gone from the source, or half of it: push it again if that was not meant.",
    )
    raise Refused(failure)


async def read(here: Connections, repository: Repository, digest: Digest) -> Manifest | None:
    """From the source, or as it was read before: a digest names its bytes for good. None says that it is proven absent."""
    kept = here.kept.get(digest)
    if kept is not None:
        return kept
    manifest = await here.source.manifest(repository, digest)
    if manifest is not None:
        here.kept.put(manifest)
    return manifest


def _too_many(repository: Repository, root: Digest) -> Failure:
    return Failure(
        kind="conflict",
        code="manifest_refused",
        doing=f"list what {repository}@{root.short}… holds",
        said=f"more than {MOST} manifests are listed below it",
        hint="Such an index is not replicated: split it.",
    )
