"""What a caller may do with a repository."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Right(StrEnum):
    """What a scope map may allow (docs: container-registry-token-based-repository-permissions); the catalog, which none can; and removing a
    tag, which goes with deletion there and is a data action of its own in ABAC mode (acr.md 7.2)."""

    PULL = "content/read"
    PUSH = "content/write"
    DELETE = "content/delete"
    UNTAG = "untag"
    METADATA_READ = "metadata/read"
    METADATA_WRITE = "metadata/write"
    CATALOG = "catalog/read"


@dataclass(frozen=True, slots=True)
class Rights:
    """By repository: of one name, of all below a name (`team/*`), or of all (`*`), which alone holds the catalog's. They add up."""

    by_pattern: Mapping[str, frozenset[Right]]

    @classmethod
    def everywhere(cls, rights: Iterable[Right]) -> Self:
        return cls({"*": frozenset(rights)})

    def on(self, repository: str) -> frozenset[Right]:
        """Of the catalog, the name is empty."""
        return frozenset(right for pattern, rights in self.by_pattern.items() if _covers(pattern, repository) for right in rights)


def _covers(pattern: str, repository: str) -> bool:
    return pattern in {"*", repository} or (pattern.endswith("/*") and repository.startswith(pattern[:-1]))
