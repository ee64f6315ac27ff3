"""What an index lists, and the indexes in it, as the source's own bytes say: the order in which they can be put, each once."""

from dataclasses import dataclass

from registries.connections import Connections
from registries.manifests import Manifest
from replication.failures import Failure, Refused
from replication.references import Digest, Repository

MOST = 50_000  # manifests below one index, so that no index of indexes fills the memory


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
    seen, open_indexes = {root}, [(top, iter(top.children))]
    while open_indexes:
        manifest, rest = open_indexes[-1]
        child = next((digest for digest in rest if digest not in seen), None)
        if child is None:
            open_indexes.pop()
            if open_indexes:
                found.append(Descendant(manifest.digest, True))
            continue
        seen.add(child)
        inner = await read(here, repository, child) if child in manifest.indexes else None
        if inner is not None:
            open_indexes.append((inner, iter(inner.children)))
        else:
            found.append(Descendant(child, child in manifest.indexes))
        if len(seen) > MOST:
            raise Refused(_too_many(repository, root))
    return found


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
        said=f"there are more than {MOST} manifests below it",
        hint="Such an index is not replicated: split it.",
    )
