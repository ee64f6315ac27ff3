"""What the registry holds, or held at a moment: manifests and tags by repository, and which blobs a repository may serve.

A row is true from `since` until `until`, or still. So a reader can be answered like a replica that lags behind."""

import sqlite3
from dataclasses import dataclass

from devkit.cloud.content.manifest import Manifest
from devkit.cloud.database import Database


@dataclass(frozen=True, slots=True)
class StoredManifest:
    digest: str
    media_type: str
    content: bytes
    image_size: int
    created: str
    updated: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> "StoredManifest":
        return cls(row["digest"], row["media_type"], row["content"], row["image_size"], row["created"], row["updated"])


@dataclass(frozen=True, slots=True)
class StoredTag:
    name: str
    digest: str
    created: str
    updated: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> "StoredTag":
        return cls(row["name"], row["digest"], row["created"], row["updated"])


class View:
    """Lists are sorted, after `last`, at most `count` (-1 is all)."""

    def __init__(self, database: Database, moment: float | None = None) -> None:
        """At `moment` by the cloud's clock; None is now."""
        self._database = database
        self._true = "until IS NULL" if moment is None else f"since <= {moment!r} AND (until IS NULL OR until > {moment!r})"

    def has_repository(self, repository: str) -> bool:
        """A repository is there while it holds a manifest."""
        return bool(self.rows("SELECT 1 FROM manifests WHERE {true} AND repository = ? LIMIT 1", repository))

    def repositories(self, last: str = "", count: int = -1) -> list[str]:
        statement = "SELECT DISTINCT repository FROM manifests WHERE {true} AND repository > ? ORDER BY repository LIMIT ?"
        return [row["repository"] for row in self.rows(statement, last, count)]

    def has_manifest(self, repository: str, digest: str) -> bool:
        return bool(self.rows("SELECT 1 FROM manifests WHERE {true} AND repository = ? AND digest = ?", repository, digest))

    def manifest(self, repository: str, digest: str) -> StoredManifest | None:
        rows = self.rows("SELECT * FROM manifests WHERE {true} AND repository = ? AND digest = ?", repository, digest)
        return StoredManifest.of(rows[0]) if rows else None

    def manifests(self, repository: str, last: str = "", count: int = -1) -> list[StoredManifest]:
        statement = "SELECT * FROM manifests WHERE {true} AND repository = ? AND digest > ? ORDER BY digest LIMIT ?"
        return [StoredManifest.of(row) for row in self.rows(statement, repository, last, count)]

    def digests(self, repository: str) -> list[str]:
        """Of all its manifests, whose contents stay on the disk."""
        return [
            row["digest"] for row in self.rows("SELECT digest FROM manifests WHERE {true} AND repository = ? ORDER BY digest", repository)
        ]

    def span(self, repository: str) -> tuple[str, str]:
        """When the first of its manifests was made and when one was last written. Of a repository that is there."""
        statement = "SELECT min(created) AS created, max(updated) AS updated FROM manifests WHERE {true} AND repository = ?"
        (row,) = self.rows(statement, repository)
        return row["created"], row["updated"]

    def counts(self, repository: str) -> tuple[int, int, str | None]:
        """How many manifests and tags it holds, and when one of them was last written."""
        statement = "SELECT count(*) AS number, max(updated) AS updated FROM {table} WHERE {true} AND repository = ?"
        manifests, tags = (self.rows(statement.replace("{table}", name), repository)[0] for name in ("manifests", "tags"))
        return manifests["number"], tags["number"], max(filter(None, (manifests["updated"], tags["updated"])), default=None)

    def referrers(self, repository: str, subject: str) -> list[StoredManifest]:
        statement = "SELECT * FROM manifests WHERE {true} AND repository = ? AND subject = ? ORDER BY digest"
        return [StoredManifest.of(row) for row in self.rows(statement, repository, subject)]

    def referrers_of(self, repository: str, subject: str) -> list[str]:
        """Their digests alone."""
        statement = "SELECT digest FROM manifests WHERE {true} AND repository = ? AND subject = ? ORDER BY digest"
        return [row["digest"] for row in self.rows(statement, repository, subject)]

    def tag(self, repository: str, name: str) -> StoredTag | None:
        rows = self.rows("SELECT * FROM tags WHERE {true} AND repository = ? AND name = ?", repository, name)
        return StoredTag.of(rows[0]) if rows else None

    def tags(self, repository: str, last: str = "", count: int = -1, digest: str | None = None) -> list[StoredTag]:
        statement = "SELECT * FROM tags WHERE {true} AND repository = ? AND name > ? AND (?3 IS NULL OR digest = ?3) ORDER BY name LIMIT ?4"
        return [StoredTag.of(row) for row in self.rows(statement, repository, last, digest, count)]

    def has_blob(self, repository: str, digest: str) -> bool:
        """Blobs are not looked at in the past: what a manifest needs is there as long as the manifest."""
        return self._database.row("SELECT 1 FROM blobs WHERE repository = ? AND digest = ?", repository, digest) is not None

    def missing(self, repository: str, manifest: Manifest) -> list[str]:
        """What it refers to and the repository does not hold."""
        blobs = [digest for digest in manifest.blobs if not self.has_blob(repository, digest)]
        return blobs + [digest for digest in manifest.children if not self.has_manifest(repository, digest)]

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Of a statement that says `{true}` where a row must be true."""
        return self._database.rows(statement.replace("{true}", self._true), *values)
