"""The host as a process that is measured, and its database, which is read beside it: neither costs the host anything."""

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.usage import cpu_of, resident_of
from devkit.local.stack import Stack

LOOK_EVERY = 0.1  # seconds
EVENT, TARGET = "replicate_image_event", "publish_to_target"


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    database: Path

    @classmethod
    def of(cls, stack: Stack) -> "Process":
        assert stack.host.pid is not None
        return cls(stack.host.pid, stack.endpoints.app.database)

    def cpu(self) -> float:
        """Seconds, of all threads, user and system."""
        return cpu_of(self.pid)

    def resident(self) -> float:
        """MiB."""
        return resident_of(self.pid)

    def ended(self) -> int:
        """How many events have."""
        return int(self._ask("SELECT count(*) FROM instance WHERE name = ? AND status = 'Completed'", EVENT)[0][0])

    def wait_for(self, ended: int, within: float) -> None:
        until = time.monotonic() + within
        while (now := self.ended()) < ended:
            assert time.monotonic() < until, f"{now} of {ended} events ended within {within:.0f} s"
            time.sleep(LOOK_EVERY)

    def outcomes(self) -> Counter[str]:
        """Of all targets of all events that have ended."""
        return Counter(
            str(json.loads(row[0])["outcome"]) for row in self._ask("SELECT output FROM instance WHERE name = ?", TARGET) if row[0]
        )

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(statement, values).fetchall()
