"""What the registry holds: manifests and tags by repository, and which blobs a repository may serve.

Callers that change more than one thing hold the transaction, so that an event is queued if and only if its manifest is stored."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from devkit.cloud import times
from devkit.cloud.database import Database
from devkit.cloud.manifest import Manifest


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


class Store:
    def __init__(self, database: Database) -> None:
        self._database = database

    # Manifests

    def has_repository(self, repository: str) -> bool:
        """A repository is there while it holds a manifest."""
        return self._database.row("SELECT 1 FROM manifests WHERE repository = ? LIMIT 1", repository) is not None

    def has_manifest(self, repository: str, digest: str) -> bool:
        return self._database.row("SELECT 1 FROM manifests WHERE repository = ? AND digest = ?", repository, digest) is not None

    def manifest(self, repository: str, digest: str) -> StoredManifest | None:
        row = self._database.row("SELECT * FROM manifests WHERE repository = ? AND digest = ?", repository, digest)
        return None if row is None else StoredManifest.of(row)

    def missing(self, repository: str, manifest: Manifest) -> list[str]:
        """What it refers to and the repository does not hold."""
        blobs = [digest for digest in manifest.blobs if not self.has_blob(repository, digest)]
        return blobs + [digest for digest in manifest.children if not self.has_manifest(repository, digest)]

    def put_manifest(self, repository: str, manifest: Manifest) -> None:
        now = times.now()
        self._database.run(
            "INSERT INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository, digest)"
            " DO UPDATE SET media_type = excluded.media_type, updated = excluded.updated",
            repository, manifest.digest, manifest.media_type, manifest.content, manifest.image_size, manifest.subject, now, now,
        )  # fmt: skip

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """With all its tags (docs: container-registry-delete, "Delete by manifest digest") and its referrers, theirs too (docs:
        container-registry-manage-artifact, "Delete the artifact"). An index leaves its children; nothing protects them either."""
        for row in self._database.rows("SELECT digest FROM manifests WHERE repository = ? AND subject = ?", repository, digest):
            self.delete_manifest(repository, row["digest"])
        return self._database.run("DELETE FROM manifests WHERE repository = ? AND digest = ?", repository, digest) > 0

    def delete_repository(self, repository: str) -> tuple[list[str], list[str]]:
        """The digests and the tags that are gone."""
        digests = [manifest.digest for manifest in self.manifests(repository)]
        tags = [tag.name for tag in self.tags(repository)]
        for table in ("manifests", "blobs"):
            self._database.run(f"DELETE FROM {table} WHERE repository = ?", repository)  # noqa: S608 - the two names above
        return digests, tags

    def referrers(self, repository: str, subject: str) -> list[StoredManifest]:
        statement = "SELECT * FROM manifests WHERE repository = ? AND subject = ? ORDER BY digest"
        return [StoredManifest.of(row) for row in self._database.rows(statement, repository, subject)]

    # Tags

    def tag(self, repository: str, name: str) -> StoredTag | None:
        row = self._database.row("SELECT * FROM tags WHERE repository = ? AND name = ?", repository, name)
        return None if row is None else StoredTag.of(row)

    def put_tag(self, repository: str, name: str, digest: str) -> None:
        now = times.now()
        self._database.run(
            "INSERT INTO tags VALUES (?, ?, ?, ?, ?) ON CONFLICT (repository, name)"
            " DO UPDATE SET digest = excluded.digest, updated = excluded.updated",
            repository, name, digest, now, now,
        )  # fmt: skip

    def untag(self, repository: str, name: str) -> bool:
        return self._database.run("DELETE FROM tags WHERE repository = ? AND name = ?", repository, name) > 0

    # Lists: sorted, after `last`, at most `count` (-1 is all)

    def repositories(self, last: str = "", count: int = -1) -> list[str]:
        statement = "SELECT DISTINCT repository FROM manifests WHERE repository > ? ORDER BY repository LIMIT ?"
        return [row["repository"] for row in self._database.rows(statement, last, count)]

    def tags(self, repository: str, last: str = "", count: int = -1, digest: str | None = None) -> list[StoredTag]:
        statement = "SELECT * FROM tags WHERE repository = ? AND name > ? AND (?3 IS NULL OR digest = ?3) ORDER BY name LIMIT ?4"
        return [StoredTag.of(row) for row in self._database.rows(statement, repository, last, digest, count)]

    def manifests(self, repository: str, last: str = "", count: int = -1) -> list[StoredManifest]:
        statement = "SELECT * FROM manifests WHERE repository = ? AND digest > ? ORDER BY digest LIMIT ?"
        return [StoredManifest.of(row) for row in self._database.rows(statement, repository, last, count)]

    # Blobs

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._database.row("SELECT 1 FROM blobs WHERE repository = ? AND digest = ?", repository, digest) is not None

    def link_blobs(self, repository: str, digests: Iterable[str]) -> None:
        for digest in digests:
            self._database.run("INSERT OR IGNORE INTO blobs VALUES (?, ?)", repository, digest)

    def unlink_blob(self, repository: str, digest: str) -> bool:
        return self._database.run("DELETE FROM blobs WHERE repository = ? AND digest = ?", repository, digest) > 0
