"""What is measured of the local host, each on a host of its own."""

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.floor import Floor, floor
from bench.hosts import Host, running
from bench.waiting import fill
from devkit.host.clock import moment_of, stamp
from devkit.host.durable.messages import Kind

STARTED = int(Kind.ORCHESTRATOR_STARTED)
WARM = 10  # orchestrations that nobody counts: imports, caches


@dataclass(frozen=True, slots=True)
class Rate:
    """Of `count` orchestrations started at once: how many a second, and the CPU seconds of the host and of the floor."""

    count: int
    a_second: float
    cpu: float
    floor: Floor


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds, one orchestration at a time: from its start (the request is sent) until its first activity runs, and from an activity's
    end until the next one runs."""

    start: Sequence[float]
    step: Sequence[float]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Many instances with timers due at the same second. Seconds and MiB; `idle` is CPU as a part of a core, `fired` from that second until
    the last one ran again, `split` the CPU until all had ended by whose it is."""

    started: float
    resident: float
    idle: float
    fired: float
    split: dict[str, float]
    floor: Floor


def rate(host: Host, orchestrator: str, count: int, value: Any = None) -> Rate:
    before = host.completed() + WARM
    host.begin(orchestrator, [f"{orchestrator}-warm-{number}" for number in range(WARM)], value)
    host.wait_for(before)
    cpu, began = host.cpu(), time.perf_counter()
    host.begin(orchestrator, names := [f"{orchestrator}-{number}" for number in range(count)], value)
    host.wait_for(before + count)
    took = time.perf_counter() - began
    return Rate(count, count / took, host.cpu() - cpu, floor(host, names))


def latencies(host: Host, count: int) -> Latencies:
    host.get("/api/calls")
    begun = {}
    for number in range(count):
        before = host.completed()
        begun[f"alone-{number}"] = time.perf_counter()
        host.begin("chain", [f"alone-{number}"])
        host.wait_for(before + 1)
    runs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for instance, _, began, end in host.get("/api/calls"):
        runs[instance].append((began, end))
    return Latencies(
        [1000 * (runs[instance][0][0] - sent) for instance, sent in begun.items()],
        [1000 * (later[0] - earlier[1]) for each in runs.values() for earlier, later in pairwise(each)],
    )


def cpu_split(folder: Path, count: int) -> dict[str, float]:
    """CPU milliseconds of a chain of four activities, by whose they are."""
    with running(folder, "bench.counted") as host:
        host.begin("chain", [f"warm-{number}" for number in range(WARM)])
        host.wait_for(WARM)
        before = host.get("/api/cpu")
        host.begin("chain", [f"chain-{number}" for number in range(count)])
        host.wait_for(WARM + count)
        return {owner: 1000 * (spent - before[owner]) / count for owner, spent in host.get("/api/cpu").items()}


def waiting(folder: Path, count: int, lead: float, idle: float) -> Waiting:
    """The timers are due `lead` seconds after the database is made; `idle` is how long the host is looked at before that."""
    folder.mkdir()
    due = datetime.now(UTC) + timedelta(seconds=lead)
    fill(folder / "state", count, due, value=f'{{"until": "{stamp(due)}"}}')
    with running(folder, "bench.counted") as host:
        time.sleep(min(1.0, lead / 10))  # what belongs to the start is over
        resident, cpu, began = host.resident(), host.cpu(), time.perf_counter()
        time.sleep(idle)
        spent = (host.cpu() - cpu) / (time.perf_counter() - began)
        before = host.get("/api/cpu")
        due = max(due, datetime.now(UTC))  # on a machine too busy to be ready in time
        host.wait_for(count)
        split = {owner: spent - before[owner] for owner, spent in host.get("/api/cpu").items()}
        last = host.ask("SELECT max(json_extract(event, '$.Timestamp')) FROM history WHERE json_extract(event, '$.EventType') = ?", STARTED)
        fired = (moment_of(last[0][0]) - due).total_seconds()
        names = [f"nap{number}" for number in range(count)]
        return Waiting(host.started, resident, spent, fired, split, floor(host, names, latest=True))


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.99 * len(values)))]
