"""What the demo shows: a live table in a terminal that is wide enough, elsewhere a line for each change of state, and the judge's table."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from devkit.demo.judge import Reading, Verdict
from devkit.demo.story import named, short
from devkit.demo.watch import Cell, Row

NARROWEST = 75  # columns: in less, the live table would be cut off at the right


class Progress:
    """A context; `show` as often as something may have changed."""

    def __init__(self, console: Console, targets: Sequence[str]) -> None:
        self._console = console
        self._targets = targets
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal and console.width >= NARROWEST else None
        self._told: dict[tuple[int, str], str] = {}

    def show(self, rows: Sequence[Row]) -> None:
        if self._live is not None:
            self._live.update(progress_table(rows, self._targets), refresh=True)
            return
        for number, row in enumerate(rows):
            for target, cell in row.cells.items():
                if self._told.get((number, target)) != cell.state:
                    self._told[number, target] = cell.state
                    self._console.print(f"{row.change.artifact} in {target}: {cell.state} {cell.seconds:.1f} s", highlight=False)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()


def progress_table(rows: Sequence[Row], targets: Sequence[str]) -> Table:
    table = Table("artifact", "at the source", *(Column(target, min_width=16) for target in targets), box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(row.change.artifact, row.change.title, *(_progress(row.cells[target]) for target in targets))
    return table


def _progress(cell: Cell) -> Text:
    colour = "red" if cell.failed else "green" if cell.arrived else "yellow"
    return Text(f"{cell.state} {cell.seconds:.1f} s", style=colour)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Source first. Digests are cut to be compared by eye; what differs is told whole elsewhere."""
    names = [reading.registry for reading in verdicts[0].readings]
    columns = [Column(name, overflow="fold") for name in ("artifact", *names)]
    table = Table(*columns, title="SHA-256 of what the demo itself read from the registries", title_justify="left", box=SIMPLE_HEAD)
    for verdict in verdicts:
        expected = verdict.expected
        table.add_row(named(expected.repository, expected.reference), *(_reading(verdict, reading) for reading in verdict.readings))
    return table


def _reading(verdict: Verdict, reading: Reading) -> Text:
    held = short(reading.digest) if reading.digest else "unread" if reading.wrong else "absent"
    return Text(f"= {held}", style="green") if verdict.difference(reading) is None else Text(f"! {held}", style="red")
