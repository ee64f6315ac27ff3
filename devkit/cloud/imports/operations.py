"""Imports as rows: what was asked, how it stands, how it ended. The source's credentials leave the row when the import ends,
and the file soon after (`secure_delete`; the write-ahead log is emptied at the latest when the cloud stops)."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from devkit.cloud.clock import Clock
from devkit.cloud.config import ImportPace
from devkit.cloud.database import Database
from devkit.cloud.imports.request import ImportRequest


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """How a failed import answers whoever polls it."""

    status: int
    code: str
    message: str


class ImportFailed(Exception):
    """Raised where an import is carried out; `said` follows the resource's name in the message."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(said)
        self.status, self.code, self.said = status, code, said


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    state: Literal["running", "succeeded", "failed"]
    error: ImportFailure | None


@dataclass(frozen=True, slots=True)
class Work:
    """A running import, to be started or, after a restart, started again."""

    id: str
    request: ImportRequest
    pace: ImportPace
    resolved: str | None = None  # the digest that its tag meant as it started


class Operations:
    def __init__(self, database: Database, clock: Clock, keep_seconds: float) -> None:
        """What has ended is known for `keep_seconds`: for how long in Azure is not published (acr.md 2.4.9)."""
        self._database = database
        self._keep_seconds = keep_seconds
        self._clock = clock

    def begin(self, body: Any, request: ImportRequest, pace: ImportPace) -> Work:
        operation, image = str(uuid.uuid4()), f"{request.repository}{'@' if ':' in request.reference else ':'}{request.reference}"
        self._database.run(
            "INSERT INTO operations (id, request, pace, source_image, state, began, bytes) VALUES (?, ?, ?, ?, 'running', ?, 0)",
            operation, json.dumps(body), json.dumps(pace.to_json()), image, self._clock.text(),
        )  # fmt: skip
        return Work(operation, request, pace)

    def running(self) -> list[Work]:
        return [_work(row) for row in self._database.rows("SELECT * FROM operations WHERE state = 'running' ORDER BY number")]

    def get(self, operation: str) -> Operation | None:
        """None if there is none, or no longer."""
        statement = "SELECT * FROM operations WHERE id = ? AND (expires IS NULL OR expires > ?)"
        row = self._database.row(statement, operation, self._clock.now())
        if row is None:
            return None
        error = ImportFailure(row["error_status"], row["error_code"], row["error_message"]) if row["state"] == "failed" else None
        return Operation(row["id"], row["state"], error)

    def resolved(self, operation: str, digest: str) -> None:
        self._database.run("UPDATE operations SET resolved = ? WHERE id = ?", digest, operation)

    def copied(self, operation: str, total: int) -> None:
        self._database.run("UPDATE operations SET bytes = ? WHERE id = ?", total, operation)

    def succeeded(self, operation: str) -> None:
        self._database.run(
            "UPDATE operations SET state = 'succeeded', ended = ?, expires = ?, request = NULL WHERE id = ?",
            self._clock.text(), self._clock.now() + self._keep_seconds, operation,
        )  # fmt: skip

    def failed(self, operation: str, error: ImportFailure) -> None:
        self._database.run(
            "UPDATE operations SET state = 'failed', ended = ?, expires = ?, error_status = ?, error_code = ?, error_message = ?,"
            " request = NULL WHERE id = ?",
            self._clock.text(), self._clock.now() + self._keep_seconds, error.status, error.code, error.message, operation,
        )  # fmt: skip

    def to_json(self, last: int = -1) -> list[dict[str, Any]]:
        """Oldest first, of the `last` ones."""
        return [_shown(row) for row in self._database.rows("SELECT * FROM operations ORDER BY number DESC LIMIT ?", last)][::-1]


def _work(row: sqlite3.Row) -> Work:
    request = ImportRequest.parse(json.loads(row["request"]))
    return Work(row["id"], request, ImportPace.from_json(json.loads(row["pace"]), other=ImportPace()), row["resolved"])


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    error = None if row["error_code"] is None else {"code": row["error_code"], "message": row["error_message"]}
    shown = {name: row[name] for name in ("id", "state", "began", "ended", "bytes")}
    return {**shown, "sourceImage": row["source_image"], "error": error}
