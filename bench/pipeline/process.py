"""The host as a process that is measured, and its database, which is read beside it: neither costs the host anything."""

import json
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.local.stack import Stack

TICKS = os.sysconf("SC_CLK_TCK")
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
        """Seconds, of all threads, user and system: proc(5), stat."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> float:
        """MiB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024

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
