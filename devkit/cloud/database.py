"""The cloud's own storage: one SQLite file, and the key it signs with.

Statements run on the event loop: each takes microseconds, and one connection in one thread needs no locks. With WAL and
synchronous=NORMAL a committed transaction outlives a killed process (sqlite.org/wal.html)."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS manifests (
  repository TEXT, digest TEXT, media_type TEXT NOT NULL, content BLOB NOT NULL, image_size INTEGER NOT NULL,
  subject TEXT, created TEXT NOT NULL, updated TEXT NOT NULL, since REAL NOT NULL, until REAL);
CREATE UNIQUE INDEX IF NOT EXISTS manifests_now ON manifests (repository, digest) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS manifests_by_subject ON manifests (repository, subject) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS manifests_ever ON manifests (repository, digest);
CREATE TABLE IF NOT EXISTS tags (
  repository TEXT, name TEXT, digest TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, since REAL NOT NULL, until REAL);
CREATE UNIQUE INDEX IF NOT EXISTS tags_now ON tags (repository, name) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS tags_by_digest ON tags (repository, digest) WHERE until IS NULL;
CREATE INDEX IF NOT EXISTS tags_ever ON tags (repository, name);
CREATE TABLE IF NOT EXISTS blobs (repository TEXT, digest TEXT, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS locks (
  repository TEXT, kind TEXT, name TEXT, deleteEnabled INTEGER NOT NULL, writeEnabled INTEGER NOT NULL, listEnabled INTEGER NOT NULL,
  readEnabled INTEGER NOT NULL, PRIMARY KEY (repository, kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine (repository TEXT, digest TEXT, state TEXT NOT NULL, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trash (
  repository TEXT, digest TEXT, tag TEXT, deleted REAL NOT NULL, PRIMARY KEY (repository, digest, tag)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, event_type TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
  published REAL NOT NULL, due REAL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, attempted REAL,
  last_status INTEGER, outcome TEXT, reason TEXT, blob TEXT, twin INTEGER NOT NULL, delayed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_due ON deliveries (state, due, number) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS operations (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT, pace TEXT NOT NULL, source_image TEXT NOT NULL, state TEXT NOT NULL,
  began TEXT NOT NULL, ended TEXT, bytes INTEGER NOT NULL, error_status INTEGER, error_code TEXT, error_message TEXT,
  resolved TEXT, expires REAL);
CREATE TABLE IF NOT EXISTS import_faults (operation TEXT PRIMARY KEY, rule TEXT NOT NULL, fault TEXT NOT NULL) WITHOUT ROWID;
"""


class Database:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA)

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def run(self, statement: str, *values: Any) -> int:
        """How many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. There is no `await` inside one, so there is never a second."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def setting(self, name: str) -> str | None:
        row = self.row("SELECT value FROM settings WHERE name = ?", name)
        return None if row is None else str(row["value"])

    def keep_setting(self, name: str, value: str) -> None:
        self.run("INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)

    def signing_key(self) -> bytes:
        """Made once: tokens and operation URLs stay good over a restart."""
        if (key := self.setting("signing-key")) is None:
            key = secrets.token_hex(32)
            self.keep_setting("signing-key", key)
        return bytes.fromhex(key)

    def close(self) -> None:
        self._connection.close()
