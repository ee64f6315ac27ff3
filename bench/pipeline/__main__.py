"""`make bench`: every figure of the pipeline with its bar, on this machine, written to bench/results.md as well.

`BENCH=quick` takes smaller numbers, at most two minutes; without it ten. Each figure has a stack of its own."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.pipeline.byhand import by_hand
from bench.pipeline.coldstart import cold_start
from bench.pipeline.cpu import cpu_per_event
from bench.pipeline.figures import Section, report
from bench.pipeline.histories import histories
from bench.pipeline.lag import lag
from bench.pipeline.requests import requests_per_event
from bench.pipeline.throughput import throughput

RESULTS = Path(__file__).parents[1] / "results.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of each. `scale` shortens the imports of which the lag is measured, `hours` are those of a long import."""

    starts: int = 15
    children: int = 3
    targets: tuple[int, ...] = (1, 2, 3)
    batches: int = 4
    lags: int = 10
    scale: float = 1.0
    burst: int = 1000
    hours: float = 6.0
    by_hand: int = 5
    layers: int = 10


QUICK = Sizes(starts=3, targets=(1, 3), batches=2, lags=3, scale=0.2, burst=30, by_hand=1)


def measured(folder: Path, sizes: Sizes) -> list[Section]:
    """One after the other; each is told as it is done, so that a run that is cut short was not for nothing."""
    works: dict[str, Callable[[Path], Section]] = {
        "cold start": lambda own: cold_start(own, sizes.starts),
        "requests": lambda own: requests_per_event(own, sizes.children),
        "cpu": lambda own: cpu_per_event(own, sizes.targets, sizes.batches),
        "lag": lambda own: lag(own, sizes.lags, sizes.scale),
        "throughput": lambda own: throughput(own, sizes.burst),
        "histories": lambda _: histories(sizes.hours),
        "by hand": lambda own: by_hand(own, sizes.by_hand, sizes.layers),
    }
    sections = []
    for name, work in works.items():
        own, began = folder / name.replace(" ", "-"), time.monotonic()
        own.mkdir(parents=True)
        sections.append(work(own))
        print(f"{sections[-1].markdown()}\n\n({time.monotonic() - began:.0f} s)\n", flush=True)
    return sections


def main() -> int:
    quick = os.environ.get("BENCH") == "quick"
    with tempfile.TemporaryDirectory(prefix="multi-cloud-publish-") as folder:
        text = report(measured(Path(folder), QUICK if quick else Sizes()), quick=quick)
    RESULTS.write_text(text)
    print(text.partition("\n## ")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
