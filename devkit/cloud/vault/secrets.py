"""The vault's secrets in the cloud's database, each with all its versions; a deleted one stays until its retention has passed.

Source: "Azure Key Vault soft-delete overview": 90 days, during which a name cannot be used again."""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devkit.cloud.clock import Clock
from devkit.cloud.database import Database

RETENTION_DAYS = 90
_TABLES = (
    "CREATE TABLE IF NOT EXISTS vault_secrets (number INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, version TEXT NOT NULL,"
    " value TEXT NOT NULL, content_type TEXT, tags TEXT, enabled INTEGER NOT NULL, nbf INTEGER, exp INTEGER, created INTEGER NOT NULL,"
    " updated INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS vault_secrets_by_name ON vault_secrets (name)",
    "CREATE TABLE IF NOT EXISTS vault_deleted (name TEXT PRIMARY KEY COLLATE NOCASE, at INTEGER NOT NULL, purge INTEGER NOT NULL)",
)
_LATEST = "SELECT max(number) FROM vault_secrets GROUP BY name"
_LIVE = "name NOT IN (SELECT name FROM vault_deleted)"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What of a version may be set; times are seconds since the epoch."""

    content_type: str | None = None
    tags: Mapping[str, str] | None = None
    enabled: bool = True
    nbf: int | None = None
    exp: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    number: int  # grows from version to version
    name: str
    version: str
    value: str = field(repr=False)
    attributes: Attributes
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Deleted:
    latest: Version
    at: int
    purge: int


class Secrets:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        for statement in _TABLES:
            database.run(statement)

    def seed(self, configured: Mapping[str, str]) -> None:
        """What the settings file gives becomes a version, once, and again when it gives another value."""
        seeded = json.loads(self._database.setting("vault-seeded") or "{}")
        hashes = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in configured.items()}
        for name, value in configured.items():
            if hashes[name] != seeded.get(name) and self.deleted(name) is None:
                self.set(name, value, Attributes())
        self._database.keep_setting("vault-seeded", json.dumps(hashes))

    def get(self, name: str, version: str | None = None) -> Version | None:
        """The latest, when no version is named."""
        if version:
            return self._one(f"name = ? AND version = ? AND {_LIVE}", name, version)
        return self._one(f"name = ? AND {_LIVE}", name)

    def set(self, name: str, value: str, attributes: Attributes) -> Version:
        """A new version. The name's spelling stays as it first was."""
        known, now = self._one("name = ?", name), int(self._clock.wall())
        columns = (known.name if known else name, uuid.uuid4().hex, value, *_stored(attributes), now, now)
        self._database.run(
            "INSERT INTO vault_secrets (name, version, value, content_type, tags, enabled, nbf, exp, created, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *columns,
        )
        found = self._one("name = ?", name)
        assert found is not None, "it was just stored"
        return found

    def update(self, version: Version, attributes: Attributes) -> None:
        self._database.run(
            "UPDATE vault_secrets SET content_type = ?, tags = ?, enabled = ?, nbf = ?, exp = ?, updated = ? WHERE number = ?",
            *_stored(attributes), int(self._clock.wall()), version.number,
        )  # fmt: skip

    def versions(self, name: str, after: int, count: int) -> list[Version]:
        return self._many(f"name = ? AND number > ? AND {_LIVE}", name, after, count)

    def latest(self, after: int, count: int) -> list[Version]:
        """Of each secret."""
        return self._many(f"number IN ({_LATEST}) AND number > ? AND {_LIVE}", after, count)

    def delete(self, name: str) -> None:
        now = int(self._clock.wall())
        self._database.run("INSERT INTO vault_deleted VALUES (?, ?, ?)", name, now, now + RETENTION_DAYS * 86_400)

    def recover(self, name: str) -> None:
        self._database.run("DELETE FROM vault_deleted WHERE name = ?", name)

    def deleted(self, name: str) -> Deleted | None:
        return next(iter(one for one in self.all_deleted(0, -1) if one.latest.name.lower() == name.lower()), None)

    def all_deleted(self, after: int, count: int) -> list[Deleted]:
        """A negative count is all of them."""
        self._purge()
        rows = {str(row["name"]).lower(): row for row in self._database.rows("SELECT * FROM vault_deleted")}
        found = self._many(f"number IN ({_LATEST}) AND number > ? AND NOT {_LIVE}", after, count)
        return [Deleted(one, rows[one.name.lower()]["at"], rows[one.name.lower()]["purge"]) for one in found]

    def _purge(self) -> None:
        """Those whose retention has passed, by the cloud's clock."""
        past = "(SELECT name FROM vault_deleted WHERE purge <= ?)"
        now = self._clock.wall()
        with self._database.transaction():
            self._database.run(f"DELETE FROM vault_secrets WHERE name IN {past}", now)  # noqa: S608  # no value is put into the text
            self._database.run("DELETE FROM vault_deleted WHERE purge <= ?", now)

    def _one(self, condition: str, *values: object) -> Version | None:
        row = self._database.row(f"SELECT * FROM vault_secrets WHERE {condition} ORDER BY number DESC LIMIT 1", *values)  # noqa: S608
        return None if row is None else _version(row)

    def _many(self, condition: str, *values: object) -> list[Version]:
        """The last value is how many."""
        rows = self._database.rows(f"SELECT * FROM vault_secrets WHERE {condition} ORDER BY number LIMIT ?", *values)  # noqa: S608
        return [_version(row) for row in rows]


def _stored(attributes: Attributes) -> tuple[Any, ...]:
    tags = None if attributes.tags is None else json.dumps(dict(attributes.tags))
    return attributes.content_type, tags, attributes.enabled, attributes.nbf, attributes.exp


def _version(row: sqlite3.Row) -> Version:
    tags = None if row["tags"] is None else json.loads(row["tags"])
    attributes = Attributes(row["content_type"], tags, bool(row["enabled"]), row["nbf"], row["exp"])
    return Version(row["number"], row["name"], row["version"], row["value"], attributes, row["created"], row["updated"])
