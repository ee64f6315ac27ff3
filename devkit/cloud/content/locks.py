"""What may be done with a repository, a manifest, a tag: ACR's changeable attributes.

Those of a repository hold for all in it (docs: container-registry-image-lock); of a manifest and its tags each has its own (acr.md 5).
They go with what they are of; a tag that moves keeps its own."""

from dataclasses import astuple, dataclass
from typing import Any, Literal

from devkit.cloud.database import Database

Kind = Literal["repository", "manifest", "tag"]
SWITCHES = ("deleteEnabled", "writeEnabled", "listEnabled", "readEnabled")


@dataclass(frozen=True, slots=True)
class Changeable:
    delete_enabled: bool = True
    write_enabled: bool = True
    list_enabled: bool = True
    read_enabled: bool = True

    @property
    def deletable(self) -> bool:
        """Either of two locks holds it (acr.md 5)."""
        return self.delete_enabled and self.write_enabled

    def within(self, other: "Changeable") -> "Changeable":
        """What both allow."""
        return Changeable(*(mine and theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def changed(self, value: Any) -> "Changeable":
        """`value` is a PATCH's body; what it leaves out stays. Raises `ValueError`."""
        if not isinstance(value, dict):
            raise ValueError("attributes are an object")
        for name in set(value) & set(SWITCHES):
            if not isinstance(value[name], bool):
                raise ValueError(f"{name} must be true or false")
        return Changeable(*(value.get(name, one) for name, one in zip(SWITCHES, astuple(self), strict=True)))

    def to_json(self) -> dict[str, bool]:
        return dict(zip(SWITCHES, astuple(self), strict=True))


class Locks:
    """`name` is a digest, a tag, or "" for the repository itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, repository: str, kind: Kind = "repository", name: str = "") -> Changeable:
        """Its own alone."""
        statement = "SELECT * FROM locks WHERE repository = ? AND kind = ? AND name = ?"
        row = self._database.row(statement, repository, kind, name)
        return Changeable() if row is None else Changeable(*(bool(row[one]) for one in SWITCHES))

    def over(self, repository: str, kind: Kind, name: str) -> Changeable:
        """Its own and its repository's."""
        return self.of(repository, kind, name).within(self.of(repository))

    def set(self, value: Changeable, repository: str, kind: Kind, name: str) -> None:
        self._database.run("INSERT OR REPLACE INTO locks VALUES (?, ?, ?, ?, ?, ?, ?)", repository, kind, name, *astuple(value))

    def hold(self, repository: str) -> bool:
        """Whether anything in it may not be deleted: then neither may the repository."""
        statement = "SELECT 1 FROM locks WHERE repository = ? AND NOT (deleteEnabled AND writeEnabled)"
        return self._database.row(statement, repository) is not None

    def forget(self, repository: str, kind: Kind, name: str) -> None:
        self._database.run("DELETE FROM locks WHERE repository = ? AND kind = ? AND name = ?", repository, kind, name)

    def forget_all(self, repository: str) -> None:
        self._database.run("DELETE FROM locks WHERE repository = ?", repository)

    def let_import_move(self, repository: str, tag: str, force_over_lock: Literal["moved", "refused"]) -> bool:
        """Whether an import with Force may move the tag; the lock stays as it is (acr.md 2.3 [O])."""
        return force_over_lock == "moved" or self.over(repository, "tag", tag).write_enabled
