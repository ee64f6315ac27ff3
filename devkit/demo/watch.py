"""Follows each change on its way into the targets: what the app says now, and how long it has been, by the demo's own clock."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from devkit.demo.appstatus import AppStatus, NoAnswer
from devkit.demo.story import Change


@dataclass(slots=True)
class Cell:
    """One change in one target."""

    state: str = "queued"
    seconds: float = 0.0
    arrived: bool = False  # the app has a result, and has verified it
    failed: str | None = None  # why, in a sentence

    def update(self, told: dict[str, Any], seconds: float) -> None:
        """`told` is how the app reports one target of a run."""
        outcome, failure = told.get("outcome"), told.get("failure")
        self.state = str(outcome or told["state"]).replace("_", " ")
        if not self.arrived:
            self.seconds = seconds
        self.arrived = self.arrived or outcome is not None
        self.failed = (
            f"cannot {failure['doing']}: {failure['said'].rstrip('.')}. {failure['hint']}" if outcome == "failed" and failure else None
        )


@dataclass(slots=True)
class Row:
    change: Change
    began: float
    cells: dict[str, Cell]
    instance: str | None = None
    running: bool = True


@dataclass(slots=True)
class Watch:
    status: AppStatus
    targets: Sequence[str]
    clock: Callable[[], float] = time.monotonic
    rows: list[Row] = field(default_factory=list)

    def add(self, change: Change) -> None:
        self.rows.append(Row(change, self.clock(), {target: Cell() for target in self.targets}))

    def look(self) -> None:
        """Asks once for each change that is still on its way."""
        for row in self.rows:
            if row.running:
                try:
                    self._look_at(row)
                except NoAnswer as reason:
                    self._waiting(row, str(reason))

    def all_ended(self) -> bool:
        return not any(row.running for row in self.rows)

    def late(self) -> list[str]:
        """What has not arrived, one sentence each."""
        return [
            f"{row.change.artifact} has not arrived in {target} after {cell.seconds:.0f} s: {cell.state}"
            for row in self.rows
            for target, cell in row.cells.items()
            if not cell.arrived
        ]

    def failures(self) -> list[str]:
        return [
            f"{row.change.artifact} in {target}: {cell.failed}" for row in self.rows for target, cell in row.cells.items() if cell.failed
        ]

    def _look_at(self, row: Row) -> None:
        row.instance = row.instance or self.status.instance_of(row.change)
        if row.instance is None:
            self._waiting(row, "queued")
            return
        run = self.status.run(row.instance)
        row.running = run["state"] == "running"
        told = {target["target"]: target for target in run["targets"]}
        seconds = self.clock() - row.began
        for name, cell in row.cells.items():
            cell.update(told.get(name, {"state": "accepted"}), seconds)
            if not (row.running or cell.arrived):  # rejected, or broken by a bug
                cell.arrived, cell.state, cell.failed = True, run["state"], run["message"]

    def _waiting(self, row: Row, state: str) -> None:
        seconds = self.clock() - row.began
        for cell in row.cells.values():
            if not cell.arrived:
                cell.state, cell.seconds = state, seconds
