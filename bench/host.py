"""`make bench-host`: how fast the local host is, what of its CPU is whose, and what waiting costs, beside the SDK without any host.

The client is a program on the same machine: it has its share in what is told by the wall. Chains have four activities, fans fifty."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from bench.counters import ENGINE, SQLITE
from bench.hosts import SETTINGS, running
from bench.measures import Latencies, Rate, Waiting, cpu_split, latencies, median, p99, rate, waiting

CHAIN = "chain of 4 activities"
BARS = {"engine and SQLite": 1.0, "timers": 2.0, "idle": 0.01}  # of the bare SDK's CPU; seconds over the floor; of a core


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of each: orchestrations, waiting instances; seconds."""

    one: int = 500
    chain: int = 300
    fan: int = 50
    width: int = 50
    alone: int = 100
    waiting: int = 10_000
    lead: float = 30.0
    idle: float = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    rates: dict[str, Rate]
    latencies: Latencies
    started: float
    resident: float
    split: dict[str, float]
    waiting: Waiting


def measure(folder: Path, sizes: Sizes) -> Found:
    with running(folder / "plain") as host:
        resident = host.resident()
        rates = {
            "one activity": rate(host, "one", sizes.one),
            CHAIN: rate(host, "chain", sizes.chain),
            f"fan-out of {sizes.width}": rate(host, "fan", sizes.fan, {"width": sizes.width}),
        }
        alone = latencies(host, sizes.alone)
    split = cpu_split(folder / "counted", sizes.chain)
    return Found(rates, alone, host.started, resident, split, waiting(folder / "waiting", sizes.waiting, sizes.lead, sizes.idle))


def table(title: str, *columns: str) -> Table:
    return Table(columns[0], *(Column(name, justify="right") for name in columns[1:]), title=title, title_justify="left")


def tables(found: Found) -> list[Table]:
    speed = table("Orchestrations", "", "a second", "CPU ms each", "of the bare SDK", "ratio", "episodes each")
    for name, each in found.rates.items():
        host, floor = 1000 * each.cpu / each.count, 1000 * each.floor.cpu / each.count
        episodes = each.floor.episodes / each.count
        speed.add_row(name, f"{each.a_second:.1f}", f"{host:.2f}", f"{floor:.2f}", f"{host / floor:.2f}", f"{episodes:.1f}")
    delay = table("Latency, one orchestration at a time", "", "median, ms", "p99, ms")
    for name, values in (("start to first activity", found.latencies.start), ("completion to next step", found.latencies.step)):
        delay.add_row(name, f"{median(values):.1f}", f"{p99(values):.1f}")
    held, many = found.waiting, found.waiting.floor.episodes
    split = table("Whose CPU it is", "", "a chain of 4, ms", "", f"{many} timers, s", "")
    for owner, spent in found.split.items():
        part, timers = spent / sum(found.split.values()), held.split[owner]
        split.add_row(owner, f"{spent:.2f}", f"{part:.0%}", f"{timers:.2f}", f"{timers / sum(held.split.values()):.0%}")
    rest = table(f"{many} instances that wait, with timers due at the same second", "", "")
    rest.add_row("start-up with an empty database", f"{found.started:.2f} s")
    rest.add_row("start-up with them", f"{held.started:.2f} s")
    rest.add_row("resident with an empty database", f"{found.resident:.0f} MiB")
    rest.add_row("resident with them", f"{held.resident:.0f} MiB")
    rest.add_row("more for each", f"{1024 * (held.resident - found.resident) / many:.1f} KiB")
    rest.add_row("idle CPU with them", f"{held.idle:.2%} of a core")
    rest.add_row("due until all had fired", f"{held.fired:.1f} s")
    rest.add_row("CPU of the host for that", f"{sum(held.split.values()):.1f} s")
    rest.add_row("the same replays by the bare SDK", f"{held.floor.wall:.1f} s")
    rest.add_row("CPU of the bare SDK for that", f"{held.floor.cpu:.1f} s")
    return [speed, delay, split, rest, bars(found)]


def bars(found: Found) -> Table:
    judged = table("Bars", "", "is", "at most", "")
    chain = found.rates[CHAIN]
    ours = (found.split[ENGINE] + found.split[SQLITE]) / (1000 * chain.floor.cpu / chain.count)
    late = found.waiting.fired - found.waiting.floor.wall
    for name, value, most, text in (
        ("engine and SQLite, of the bare SDK's CPU in a chain", ours, BARS["engine and SQLite"], "{:.2f}"),
        ("all timers fired, after the floor", late, BARS["timers"], "{:.1f} s"),
        ("idle CPU, of a core", found.waiting.idle, BARS["idle"], "{:.2%}"),
    ):
        judged.add_row(name, text.format(value), text.format(most), "pass" if value <= most else "FAIL")
    return judged


def main() -> int:
    os.environ.update(SETTINGS)  # the floor's as well
    with tempfile.TemporaryDirectory(prefix="multi-cloud-publish-") as folder:
        found = measure(Path(folder), Sizes())
    console = Console()
    for each in tables(found):
        console.print(each, "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
