"""What was pushed under the quarantine policy: invisible to a pull until somebody lets it pass (acr.md 5 [D]). Off by default.

A push is told of only then. Source: Azure/acr docs/preview/quarantine/readme.md, which tells of webhooks; that Event Grid is alike is a
guess. A restored manifest is in the state that it was deleted in."""

from typing import Literal

from devkit.cloud.database import Database
from devkit.cloud.registrysettings import RegistrySettings

State = Literal["Quarantined", "Passed", "Failed"]
STATES: tuple[State, ...] = ("Quarantined", "Passed", "Failed")


class Quarantine:
    def __init__(self, database: Database, settings: RegistrySettings) -> None:
        self._database = database
        self._settings = settings

    def pushed(self, repository: str, digest: str) -> None:
        """One that the repository did not hold."""
        if self._settings.now.policies.quarantine:
            self.set(repository, digest, "Quarantined")
        else:
            self._database.run("DELETE FROM quarantine WHERE repository = ? AND digest = ?", repository, digest)

    def set(self, repository: str, digest: str, state: State) -> None:
        self._database.run("INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?)", repository, digest, state)

    def state(self, repository: str, digest: str) -> str | None:
        """None of what was never in it."""
        row = self._database.row("SELECT state FROM quarantine WHERE repository = ? AND digest = ?", repository, digest)
        return None if row is None else str(row["state"])

    def hides(self, repository: str, digest: str) -> bool:
        return self.state(repository, digest) in {"Quarantined", "Failed"}
