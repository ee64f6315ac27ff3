"""A figure with its bar, and how figures are shown: to a terminal and to a file alike, as Markdown."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Figure:
    """`most` is the bar: what `value` may be; None where a figure is only reported. `form` writes both."""

    what: str
    value: float
    most: float | None = None
    form: str = "{:.2f}"

    @property
    def passes(self) -> bool:
        return self.most is None or self.value <= self.most

    def row(self) -> Row:
        if self.most is None:
            return self.what, self.form.format(self.value), "", ""
        return self.what, self.form.format(self.value), self.form.format(self.most), "pass" if self.passes else "FAIL"


@dataclass(frozen=True, slots=True)
class Table:
    head: Row
    rows: Sequence[Row]


@dataclass(slots=True)
class Section:
    """`notes`: how it was measured, and what a reader has to know."""

    title: str
    notes: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)

    def markdown(self) -> str:
        parts = [f"## {self.title}", self.notes]
        if self.figures:
            parts.append(_table(Table(("figure", "is", "at most", ""), [figure.row() for figure in self.figures])))
        for title, table in self.tables:
            parts += [f"### {title}", _table(table)]
        return "\n\n".join(parts)


def report(sections: Sequence[Section], *, quick: bool) -> str:
    failed = [f"{section.title}: {figure.what}" for section in sections for figure in section.figures if not figure.passes]
    judged = "Every bar is kept." if not failed else "Missed: " + "; ".join(failed) + "."
    head = f"# Figures\n\nBy `{'BENCH=quick ' if quick else ''}make bench` on {machine()}.\n\n{judged}"
    return "\n\n".join([head, *(section.markdown() for section in sections)]) + "\n"


def machine() -> str:
    """What was measured on. A load above the number of cores: others used it too, which shows in all that is told by the wall."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = next((int(line.split()[1]) / 2**20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{now}, {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}, load {load}"


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.99 * len(values)))]


def _lines(path: str) -> list[str]:
    """None where the system is another than Linux."""
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _table(table: Table) -> str:
    def line(row: Row) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join([line(table.head), line(["---"] * len(table.head)), *(line(row) for row in table.rows)])
