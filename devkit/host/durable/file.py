"""The SQLite file: its schema, and how it is opened."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devkit.host.durable.trouble import told
from devkit.host.failpoints import reach
from devkit.host.problem import Problem

VERSION = 2  # of the schema, kept as `user_version`; files of earlier ones have 0
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS instance (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, execution TEXT NOT NULL, status TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT,
  version TEXT, trace TEXT NOT NULL, parent TEXT, created TEXT NOT NULL, updated TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (id TEXT, seq INTEGER, event TEXT NOT NULL, PRIMARY KEY (id, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, execution TEXT, control INTEGER NOT NULL, event TEXT NOT NULL,
  visible TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inbox_by_id ON inbox (id, visible, n);
CREATE TABLE IF NOT EXISTS activity (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, execution TEXT NOT NULL, task INTEGER NOT NULL, name TEXT NOT NULL,
  input TEXT NOT NULL, trace TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entity (id TEXT PRIMARY KEY, state TEXT NOT NULL, updated TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
PATIENCE = 1.0  # seconds, for a lock of another process: nothing else goes on meanwhile


def opened(path: Path) -> sqlite3.Connection:
    """Made if need be. Raises `Problem` for a file that is of no use."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # it holds inputs: for its owner alone
        database = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        database.row_factory = sqlite3.Row
        _make(database, path)
        database.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing; a power cut may lose the last moments
        return database
    except OSError as error:
        raise Problem(
            f"{path} cannot be written ({error.strerror}): make it writable for this user, or choose another folder with --state."
        ) from None
    except sqlite3.Error as error:
        raise Problem(told(error, path)) from None


def reading(path: Path) -> sqlite3.Connection:
    """For looking only, while a host may write. Raises `Problem`."""
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=PATIENCE)
        database.row_factory = sqlite3.Row
        version = version_of(database)
    except sqlite3.Error as error:
        raise Problem(told(error, path)) from None
    if version != VERSION:
        raise Problem(f"{path} is of another version of the local host: its schema is {version}, this one reads {VERSION}.")
    return database


def _make(database: sqlite3.Connection, path: Path) -> None:
    """The schema, in a new file."""
    if (version := version_of(database)) == VERSION:
        return
    if database.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise Problem(
            f"{path} is of another version of the local host (its schema is {version}, this host's {VERSION}): remove it, and with it what"
            " it holds, or choose another folder with --state."
        )
    database.execute("PRAGMA journal_mode = WAL")
    reach("before_commit", "schema")
    with transaction(database):
        for statement in SCHEMA.split(";"):
            database.execute(statement)
        reach("in_commit", "schema")
    reach("after_commit", "schema")


def version_of(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # SQLite itself may have rolled back already
            database.execute("ROLLBACK")
        raise
