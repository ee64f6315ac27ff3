"""What is durable: instances, histories, messages and activities, in one SQLite file in WAL mode.

All access is from the event loop's thread, in short transactions; after `kill -9` the file holds exactly what was committed.
Source of the shape: "Task hubs in Durable Functions", representation in Azure Storage."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Literal

from devkit.host.clock import stamp
from devkit.host.durable.file import opened, transaction
from devkit.host.durable.messages import CONTROL, Event
from devkit.host.durable.rows import AT_ONCE, ENDED, Activity, EntityState, Instance, Message, Query, instance_of, message_of
from devkit.host.durable.unkind import Unkind

REMOVE = (
    "DELETE FROM instance WHERE id = ?",
    "DELETE FROM history WHERE id = ?",
    "DELETE FROM inbox WHERE id = ?",
    "DELETE FROM activity WHERE id = ?",
)


class Store:
    def __init__(self, path: Path, database: sqlite3.Connection | None = None) -> None:
        """`database` is `path`, opened already. Raises `Problem` for a file that is of no use."""
        self.path = path
        self._db = opened(path) if database is None else database
        self._sent: list[tuple[str, str]] = []
        self.unkind: Unkind | None = None

    def close(self) -> None:
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        return transaction(self._db)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Of a transaction: undone alone when it raises."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK TO part")
                self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

    # instances

    def instance(self, id: str) -> Instance | None:
        row = self._db.execute("SELECT * FROM instance WHERE id = ?", (id,)).fetchone()
        return None if row is None else instance_of(row)

    def runs(self, id: str, execution: str) -> bool:
        """Whether that execution of the instance has not ended."""
        row = self._db.execute("SELECT status FROM instance WHERE id = ? AND execution = ?", (id, execution)).fetchone()
        return row is not None and row[0] not in ENDED

    def select(self, query: Query) -> list[Instance]:
        rows = self._db.execute(
            "SELECT * FROM instance WHERE id > :after AND id >= :prefix AND id < :prefix || char(0x10FFFF)"
            " AND created >= coalesce(:created_from, created) AND created <= coalesce(:created_to, created)"
            " AND (:statuses = '' OR instr(:statuses, ',' || lower(status) || ',')) ORDER BY id LIMIT :top",
            {
                "after": query.after,
                "prefix": query.prefix,
                "created_from": query.created_from and stamp(query.created_from),
                "created_to": query.created_to and stamp(query.created_to),
                "statuses": f",{','.join(query.statuses).lower()}," if query.statuses else "",
                "top": query.top,
            },
        )
        return [instance_of(row) for row in rows]

    def put_instance(self, it: Instance) -> None:
        parent = it.parent and json.dumps(asdict(it.parent))
        row = (it.id, it.name, it.execution, it.status, it.input, it.output, it.custom_status, it.version, it.trace, parent)
        self._db.execute("INSERT OR REPLACE INTO instance VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (*row, it.created, it.updated))

    def remove(self, id: str) -> None:
        """The instance with everything that belongs to it."""
        for statement in REMOVE:
            self._db.execute(statement, (id,))

    # histories

    def history(self, id: str) -> list[str]:
        return [text for (text,) in self._db.execute("SELECT event FROM history WHERE id = ? ORDER BY seq", (id,))]

    def append_history(self, id: str, length: int, texts: Iterable[str]) -> None:
        self._db.executemany("INSERT INTO history VALUES (?,?,?)", ((id, length + index, text) for index, text in enumerate(texts)))

    def clear_history(self, id: str) -> None:
        self._db.execute("DELETE FROM history WHERE id = ?", (id,))

    # messages

    def send(self, id: str, execution: str | None, event: Event, visible: str = AT_ONCE) -> None:
        if self.unkind is not None:
            visible = self.unkind.visible(id, event, visible)
        row = (id, execution, event["EventType"] in CONTROL, json.dumps(event), visible)
        self._db.execute("INSERT INTO inbox (id, execution, control, event, visible) VALUES (?,?,?,?,?)", row)
        self._sent.append((id, visible))

    def sent(self) -> list[tuple[str, str]]:
        """To whom messages went since this was last asked, and from when on each is visible."""
        sent, self._sent = self._sent, []
        return sent

    def all_sent(self) -> list[tuple[str, str]]:
        """The same for everything that lies in the inbox."""
        return [(id, visible) for id, visible in self._db.execute("SELECT id, min(visible) FROM inbox GROUP BY id, visible")]

    def inbox(self, id: str, now: datetime, limit: int, controls_only: bool = False) -> list[Message]:
        rows = self._db.execute(
            "SELECT n, execution, event FROM inbox WHERE id = ? AND visible <= ? AND control >= ? ORDER BY visible, n LIMIT ?",
            (id, stamp(now), controls_only, limit),
        )
        return [message_of(*row) for row in rows]

    def drop(self, rows: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM inbox WHERE n = ?", ((n,) for n in rows))

    def clear_inbox(self, id: str, execution: str | None = None) -> None:
        """Of one execution, or all of it."""
        self._db.execute("DELETE FROM inbox WHERE id = ? AND (? IS NULL OR execution = ?)", (id, execution, execution))

    # what is left to do, for whoever looks

    def count(self, table: Literal["inbox", "activity"], id: str) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {table} WHERE id = ?", (id,)).fetchone()[0])  # noqa: S608 - one of two names

    def open_activities(self, id: str) -> list[tuple[str, str]]:
        """Names and inputs."""
        return [tuple(row) for row in self._db.execute("SELECT name, input FROM activity WHERE id = ? ORDER BY n", (id,))]

    def open_messages(self, id: str) -> list[tuple[str, str]]:
        """Events as they lie there, and from when on each is visible."""
        return [tuple(row) for row in self._db.execute("SELECT event, visible FROM inbox WHERE id = ? ORDER BY visible, n", (id,))]

    # settings

    def setting(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep_setting(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?,?)", (name, value))

    # entities

    def entity(self, id: str) -> EntityState:
        row = self._db.execute("SELECT state FROM entity WHERE id = ?", (id,)).fetchone()
        return EntityState(None if row is None else row[0])

    def put_entity(self, id: str, state: str | None, now: datetime) -> None:
        """None removes it."""
        if state is None:
            self._db.execute("DELETE FROM entity WHERE id = ?", (id,))
        else:
            self._db.execute("INSERT OR REPLACE INTO entity VALUES (?,?,?)", (id, state, stamp(now)))

    # activities

    def put_activity(self, *, id: str, execution: str, task: int, name: str, input: str, trace: str) -> int:
        row = (id, execution, task, name, input, trace)
        made = self._db.execute("INSERT INTO activity (id, execution, task, name, input, trace) VALUES (?,?,?,?,?,?)", row)
        assert made.lastrowid is not None
        return made.lastrowid

    def activities(self) -> list[tuple[str, int]]:
        """All of them: whose, and the row."""
        return [tuple(row) for row in self._db.execute("SELECT id, n FROM activity ORDER BY n")]

    def activity(self, n: int) -> Activity | None:
        row = self._db.execute("SELECT * FROM activity WHERE n = ?", (n,)).fetchone()
        return None if row is None else Activity(*row)

    def drop_activity(self, n: int) -> bool:
        return self._db.execute("DELETE FROM activity WHERE n = ?", (n,)).rowcount == 1
