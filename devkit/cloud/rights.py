"""What a caller may do with a repository."""

from enum import StrEnum


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
