"""What the soft delete policy keeps of what was deleted, until its days are over by the cloud's clock (acr.md 5 [D]). Off by default.

Meanwhile its digest is neither pushed nor imported again: it is restored. How it ends makes no event (acr.md 1.1 [?])."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from devkit.cloud import times
from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.registrysettings import RegistrySettings

DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Deleted:
    repository: str
    digest: str
    tags: tuple[str, ...]
    deleted: str
    expires: float

    def to_json(self) -> dict[str, Any]:
        expires = times.rfc3339(int(self.expires * 1e9), digits=7)
        return {"repository": self.repository, "digest": self.digest, "tags": self.tags, "deleted": self.deleted, "expires": expires}


class Trash:
    def __init__(self, database: Database, clock: Clock, settings: RegistrySettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    def take(self, repository: str, digest: str, tags: Iterable[str]) -> None:
        """A manifest that is being deleted with its tags. How long it is kept is settled then."""
        days = self._settings.now.policies.soft_delete_days
        if days is None:
            return
        expires = self._clock.now() + days * DAY
        statement = "INSERT OR REPLACE INTO trash VALUES (?, ?, ?, ?, ?)"
        self._database.run(statement, repository, digest, json.dumps(list(tags)), self._clock.text(), expires)

    def holds(self, repository: str, digest: str) -> bool:
        statement = "SELECT 1 FROM trash WHERE repository = ? AND digest = ? AND expires > ?"
        return self._database.row(statement, repository, digest, self._clock.now()) is not None

    def forget(self, repository: str, digest: str) -> None:
        self._database.run("DELETE FROM trash WHERE repository = ? AND digest = ?", repository, digest)

    def kept(self) -> list[Deleted]:
        rows = self._database.rows("SELECT * FROM trash WHERE expires > ? ORDER BY deleted, repository, digest", self._clock.now())
        return [Deleted(one["repository"], one["digest"], tuple(json.loads(one["tags"])), one["deleted"], one["expires"]) for one in rows]
