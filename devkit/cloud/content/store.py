"""Changes to what the registry holds.

Callers that change more than one thing hold the transaction, so that an event is queued if and only if its manifest is stored."""

from collections.abc import Iterable

from devkit.cloud.clock import Clock
from devkit.cloud.content.locks import Locks
from devkit.cloud.content.manifest import Manifest
from devkit.cloud.content.quarantine import Quarantine
from devkit.cloud.content.trash import Deleted, Trash
from devkit.cloud.content.view import View
from devkit.cloud.database import Database
from devkit.cloud.names import algorithm_of
from devkit.cloud.registrysettings import RegistrySettings


class Store(View):
    """Reads what is true now."""

    def __init__(self, database: Database, clock: Clock, settings: RegistrySettings) -> None:
        super().__init__(database)
        self._clock = clock
        self.locks = Locks(database)
        self.trash = Trash(database, clock, settings)
        self.quarantine = Quarantine(database, settings)

    def at(self, moment: float | None) -> View:
        return self if moment is None else View(self._database, moment)

    def put_manifest(self, repository: str, manifest: Manifest) -> None:
        now = self._clock.text()
        if self._database.run(
            "UPDATE manifests SET media_type = ?, updated = ? WHERE until IS NULL AND repository = ? AND digest = ?",
            manifest.media_type, now, repository, manifest.digest,
        ):  # fmt: skip
            return
        self.trash.forget(repository, manifest.digest)  # kept no longer, or it could not be pushed
        self._database.run(
            "INSERT INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            repository, manifest.digest, manifest.media_type, manifest.content, manifest.image_size, manifest.subject, now, now,
            self._clock.now(),
        )  # fmt: skip

    def delete_manifest(self, repository: str, digest: str) -> list[str]:
        """What is gone, itself first: with it go its referrers, theirs too (acr.md 5 [D]), and the tags of each. An index leaves its
        children; nothing protects them either. Empty if there was no such manifest."""
        gone, left = [], [digest]
        while left:  # no recursion: a chain of referrers may be longer than Python's stack
            if self._end_manifest(repository, one := left.pop()):
                gone.append(one)
                left += reversed(self.referrers_of(repository, one))
        return gone

    def _end_manifest(self, repository: str, digest: str) -> bool:
        """With its tags. Whether there was such a manifest."""
        now = self._clock.now()
        if not self._database.run(
            "UPDATE manifests SET until = ? WHERE until IS NULL AND repository = ? AND digest = ?", now, repository, digest
        ):
            return False
        tags = [tag.name for tag in self.tags(repository, digest=digest)]
        self.trash.take(repository, digest, tags)
        for tag in tags:
            self._remove_tag(repository, tag)
        self.locks.forget(repository, "manifest", digest)
        return True

    def delete_repository(self, repository: str) -> tuple[list[str], list[str]]:
        """The digests and the tags that are gone."""
        digests = self.digests(repository)
        tags = [tag.name for tag in self.tags(repository)]
        for digest in digests:
            self.trash.take(repository, digest, (tag.name for tag in self.tags(repository, digest=digest)))
        now = self._clock.now()
        for table in ("manifests", "tags"):
            self._database.run(f"UPDATE {table} SET until = ? WHERE until IS NULL AND repository = ?", now, repository)  # noqa: S608 - these two
        self._database.run("DELETE FROM blobs WHERE repository = ?", repository)
        self.locks.forget_all(repository)
        return digests, tags

    def restore(self, deleted: Deleted) -> bool:
        """As it was, and what of its tags is free; False before its subject is back. Neither a subject's referrers nor an index's children
        come along (docs: container-registry-soft-delete-policy)."""
        repository, digest = deleted.repository, deleted.digest
        if deleted.manifest and not self._restore_manifest(repository, digest):
            return False
        for tag in deleted.tags:
            if self.tag(repository, tag) is None and self.has_manifest(repository, digest):
                self.put_tag(repository, tag, digest)
        self.trash.forget(repository, digest)
        return True

    def _restore_manifest(self, repository: str, digest: str) -> bool:
        row = self._database.row(
            "SELECT content, media_type FROM manifests WHERE repository = ? AND digest = ? ORDER BY since DESC LIMIT 1", repository, digest
        )
        manifest = None if row is None else Manifest.parse(row["content"], row["media_type"], algorithm_of(digest))
        if manifest is None or (manifest.subject is not None and self.trash.holds(repository, manifest.subject)):
            return False
        statement = """INSERT INTO manifests SELECT repository, digest, media_type, content, image_size, subject, created, ?, ?, NULL
 FROM manifests WHERE repository = ? AND digest = ? ORDER BY since DESC LIMIT 1"""
        self._database.run(statement, self._clock.text(), self._clock.now(), repository, digest)
        self.link_blobs(repository, manifest.blobs)
        return True

    def put_tag(self, repository: str, name: str, digest: str) -> None:
        now, moment = self._clock.text(), self._clock.now()
        held = self.tag(repository, name)
        if held is not None and held.digest == digest:
            self._database.run("UPDATE tags SET updated = ? WHERE until IS NULL AND repository = ? AND name = ?", now, repository, name)
            return
        self._end_tag(repository, name)  # its locks stay: they are the name's
        created = now if held is None else held.created
        self._database.run("INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, NULL)", repository, name, digest, created, now, moment)

    def untag(self, repository: str, name: str) -> bool:
        """Whether there was such a tag."""
        held = self.tag(repository, name)
        if held is not None:
            self.trash.take_tag(repository, held.digest, name)
        return self._remove_tag(repository, name)

    def _remove_tag(self, repository: str, name: str) -> bool:
        self.locks.forget(repository, "tag", name)
        return self._end_tag(repository, name)

    def _end_tag(self, repository: str, name: str) -> bool:
        statement = "UPDATE tags SET until = ? WHERE until IS NULL AND repository = ? AND name = ?"
        return self._database.run(statement, self._clock.now(), repository, name) > 0

    def link_blobs(self, repository: str, digests: Iterable[str]) -> None:
        for digest in digests:
            self._database.run("INSERT OR IGNORE INTO blobs VALUES (?, ?)", repository, digest)

    def unlink_blob(self, repository: str, digest: str) -> bool:
        return self._database.run("DELETE FROM blobs WHERE repository = ? AND digest = ?", repository, digest) > 0
