"""What the soft delete policy keeps of what was deleted (acr.md 5 [D]; docs: container-registry-soft-delete-policy). Off by default.

Meanwhile a manifest's digest is neither pushed nor imported again: it is restored. A tag that was removed is kept as well. How long counts
from the deletion, by the days that the policy has now; while it is off, nothing is kept or shown. How it ends makes no event (1.1 [?])."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devkit.cloud import times
from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.registrysettings import RegistrySettings

DAY = 86_400  # seconds
MANIFEST = ""  # in place of a tag


@dataclass(frozen=True, slots=True)
class Deleted:
    """A manifest with the tags it had, or tags that were taken off one."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    manifest: bool
    deleted: float
    expires: float

    def to_json(self) -> dict[str, Any]:
        deleted, expires = (times.rfc3339(int(moment * 1e9), digits=7) for moment in (self.deleted, self.expires))
        what = {"repository": self.repository, "digest": self.digest, "tags": self.tags, "manifest": self.manifest}
        return {**what, "deleted": deleted, "expires": expires}


class Trash:
    def __init__(self, database: Database, clock: Clock, settings: RegistrySettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    def take(self, repository: str, digest: str, tags: Iterable[str]) -> None:
        """A manifest that is being deleted with its tags."""
        self._put(repository, digest, (MANIFEST, *tags))

    def take_tag(self, repository: str, digest: str, tag: str) -> None:
        """Removing a tag is a soft delete, too."""
        self._put(repository, digest, (tag,))

    def holds(self, repository: str, digest: str) -> bool:
        statement = "SELECT 1 FROM trash WHERE repository = ? AND digest = ? AND tag = ? AND deleted > ?"
        return self._database.row(statement, repository, digest, MANIFEST, self._oldest()) is not None

    def forget(self, repository: str, digest: str) -> None:
        self._database.run("DELETE FROM trash WHERE repository = ? AND digest = ?", repository, digest)

    def kept(self) -> list[Deleted]:
        """The first deleted first."""
        statement = """SELECT repository, digest, json_group_array(tag) AS tags, max(deleted) AS deleted FROM trash WHERE deleted > ?
 GROUP BY repository, digest ORDER BY max(deleted), repository, digest"""
        days = self._settings.now.policies.soft_delete_days or 0
        found = []
        for row in self._database.rows(statement, self._oldest()):
            names = json.loads(row["tags"])
            tags = tuple(sorted(name for name in names if name != MANIFEST))
            found.append(Deleted(row["repository"], row["digest"], tags, MANIFEST in names, row["deleted"], row["deleted"] + days * DAY))
        return found

    def _put(self, repository: str, digest: str, names: Iterable[str]) -> None:
        if self._settings.now.policies.soft_delete_days is None:
            return
        for name in names:
            self._database.run("INSERT OR REPLACE INTO trash VALUES (?, ?, ?, ?)", repository, digest, name, self._clock.now())

    def _oldest(self) -> float:
        days = self._settings.now.policies.soft_delete_days
        return float("inf") if days is None else self._clock.now() - days * DAY
