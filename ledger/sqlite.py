"""Intents in a file, for one machine: each call is one transaction, on a thread of the store's own, so that no disk holds up the loop.

Several processes may share the file. With WAL and synchronous=NORMAL a killed process forgets nothing; a power cut may take the last rows,
which costs an import started twice."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from ledger.intents import Claim, Content, Intent
from ledger.refusals import unreachable
from replication.references import Digest, Repository

BUSY_FOR = 10.0  # seconds that a transaction of another process is waited for

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    target TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    run TEXT NOT NULL,
    generation TEXT NOT NULL,
    since TEXT NOT NULL,
    operation TEXT,
    PRIMARY KEY (target, repository, digest)
) WITHOUT ROWID
"""
_COLUMNS = "target, repository, digest, run, generation, since, operation"
_ONE = "target = :target AND repository = :repository AND digest = :digest"
_READ = f"SELECT {_COLUMNS} FROM intents WHERE {_ONE}"  # noqa: S608 - these texts are all there is in it
_LIST = f"SELECT {_COLUMNS} FROM intents WHERE target = :target AND repository = :repository ORDER BY digest"  # noqa: S608
_WRITE = f"""
INSERT OR REPLACE INTO intents ({_COLUMNS}) VALUES (:target, :repository, :digest, :run, :generation, :since, :operation)
"""  # noqa: S608
_COMPLETE = f"""
UPDATE intents SET operation = :operation WHERE {_ONE} AND generation = :generation AND coalesce(operation, :operation) = :operation
"""  # noqa: S608
_REMOVE = f"DELETE FROM intents WHERE {_ONE} AND generation = :generation"  # noqa: S608

T = TypeVar("T")


class SqliteIntents:
    def __init__(self, file: Path) -> None:
        """Nothing is opened before the first call."""
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._database: sqlite3.Connection | None = None

    async def claim(self, content: Content, *, run: str, at: datetime, instead_of: str | None = None) -> Claim:
        mine = Intent.new(content, run, at)

        def change(database: sqlite3.Connection) -> Claim:
            found = _read(database, content)
            if found is not None and not found.makes_way_for(instead_of):
                return Claim.of(found, mine)
            database.execute(_WRITE, _row(mine))
            return Claim("new", mine)

        return await self._transaction(f"note the import of {content}", change)

    async def started(self, content: Content, generation: str, operation: str) -> bool:
        def change(database: sqlite3.Connection) -> bool:
            return database.execute(_COMPLETE, _key(content) | {"operation": operation, "generation": generation}).rowcount == 1

        return await self._transaction(f"note that the import of {content} has started", change)

    async def ended(self, content: Content, generation: str) -> None:
        def change(database: sqlite3.Connection) -> None:
            database.execute(_REMOVE, _key(content) | {"generation": generation})

        await self._transaction(f"note that the import of {content} has ended", change)

    async def open_into(self, target: str, repository: Repository) -> list[Intent]:
        def look(database: sqlite3.Connection) -> list[Intent]:
            return [_intent(row) for row in database.execute(_LIST, {"target": target, "repository": str(repository)})]

        return await self._transaction(f"list what is being imported into {target}/{repository}", look)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown()

    async def _transaction(self, doing: str, work: Callable[[sqlite3.Connection], T]) -> T:
        """A step that is cancelled leaves its transaction to end by itself."""

        def whole() -> T:
            database = self._opened()
            try:
                database.execute("BEGIN IMMEDIATE")
                result = work(database)
                database.execute("COMMIT")
            except BaseException:
                self._let_go()  # which rolls back; the next call opens the file anew
                raise
            return result

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, whole)
        except sqlite3.Error as error:
            trouble = f"{type(error).__name__}: {error}"
        raise unreachable(doing, f"{trouble} ({self._file})")

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            made = sqlite3.connect(self._file, timeout=BUSY_FOR, isolation_level=None, check_same_thread=False)
            try:
                _use_wal(made)
                made.execute("PRAGMA synchronous = NORMAL")
                made.execute(_SCHEMA)
            except BaseException:
                made.close()
                raise
            self._database = made
        return self._database

    def _let_go(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _use_wal(database: sqlite3.Connection) -> None:
    """The one statement that does not wait for others that say the same: a new file is opened by several."""
    deadline = time.monotonic() + BUSY_FOR
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _read(database: sqlite3.Connection, content: Content) -> Intent | None:
    row = database.execute(_READ, _key(content)).fetchone()
    return None if row is None else _intent(row)


def _key(content: Content) -> dict[str, str | None]:
    return {"target": content.target, "repository": str(content.repository), "digest": str(content.digest)}


def _row(intent: Intent) -> dict[str, str | None]:
    told = {"run": intent.run, "generation": intent.generation, "since": intent.since.isoformat(), "operation": intent.operation}
    return _key(intent.content) | told


def _intent(row: tuple[str, str, str, str, str, str, str | None]) -> Intent:
    target, repository, digest, run, generation, since, operation = row
    content = Content(target, Repository.parse(repository), Digest.parse(digest))
    return Intent(content=content, run=run, generation=generation, since=datetime.fromisoformat(since), operation=operation)
