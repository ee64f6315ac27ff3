"""The lag that the app adds: from the event's receipt until the target is verified, less what the import itself took."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.pipeline.figures import Figure, Section, Table, median, p99
from bench.pipeline.measured import Measured
from devkit.host.clock import moment_of
from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import Site

REPOSITORY = "bench/lag"
PATIENCE = 120.0  # seconds
SIZES = {"1 MB": 2.0, "500 MB": 25.0}  # seconds that such an import takes: 20 MB a second, and ARM's own two


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds. `before`: from the event's receipt until ARM had the import; `after`: from the import's end until the target's content was
    verified; `tag`: from there until the tag was."""

    before: float
    after: float
    tag: float

    @property
    def whole(self) -> float:
        return self.before + self.after + self.tag


def lag(folder: Path, times: int, scale: float) -> Section:
    """Of so many events of each size, one after the other at a distance; `scale` shortens the imports."""
    with Measured(folder, 1, ReplicationSettle="1") as site:
        first = _measured(site, f"{REPOSITORY}/first")
        second = _measured(site, f"{REPOSITORY}/second")
        found = {size: _many(site, size, times, seconds * scale) for size, seconds in SIZES.items()}
    every = [one for lags in found.values() for one in lags]
    figures = [Figure("median of both sizes", median([one.whole for one in every]), 1.0, "{:.2f} s")]
    for size, lags in found.items():
        figures.append(Figure(f"{size}, median", median([one.whole for one in lags]), 1.0, "{:.2f} s"))
        figures.append(Figure(f"{size}, p99", p99([one.whole for one in lags]), None, "{:.2f} s"))
    figures.append(Figure("the first event after a cold start", first.whole, None, "{:.2f} s"))
    figures.append(Figure("the one after it", second.whole, None, "{:.2f} s"))
    rows = []
    for size, lags in found.items():
        for name, pick in (("median", median), ("p99", p99)):
            parts = [pick([getattr(one, part) for one in lags]) for part in ("before", "after", "tag")]
            rows.append((f"{size}, {name}", *(f"{part:.2f} s" for part in parts)))
    lasting = " and ".join(f"{seconds * scale:g} s" for seconds in SIZES.values())
    notes = (
        f"{times} events for each size to one target, few at a time, imports of {lasting}, Retry-After of 10 s as ARM was recorded. By the "
        "wall, on a machine that others use too. What comes after the import's end is the pause between two looks at the target, which "
        "grows with the import: a second, then a share of what was waited."
    )
    where = Table(("", "event to ARM's 202", "import's end to content verified", "to tag verified"), rows)
    return Section("Lag added", notes, figures, [("Where it goes", where)])


def _many(site: Site, size: str, times: int, seconds: float) -> list[Lag]:
    """A few under way at once: they wait most of their time."""
    at_once = min(times, 2 if seconds < 5 else 5)
    repository = f"{REPOSITORY}/{size.lower().replace(' ', '')}"

    def one(number: int) -> Lag:
        if number < at_once:
            time.sleep(number * seconds / at_once)  # so that they do not fall on one rhythm
        return _measured(site, f"{repository}/{number}")

    with ThreadPoolExecutor(at_once) as pool, site.clouds["china"].slow_imports(seconds):
        return list(pool.map(one, range(times)))


def _measured(site: Site, repository: str) -> Lag:
    run = site.push(make_image(repository, layers=1), repository, "v1")
    eventually(lambda: site.run(run), lambda told: told and told["state"] != "running", within=PATIENCE)
    return lag_of(site, run, repository)


def lag_of(site: Site, run: str, repository: str) -> Lag:
    received = moment_of(next(one["Timestamp"] for one in site.instance(run)["historyEvents"] if one["EventType"] == "ExecutionStarted"))
    done = [one for one in site.instance(f"{run}~china")["historyEvents"] if one["EventType"] == "TaskCompleted"]
    row = site.clouds["china"].imports(repository)[-1]
    begun = moment_of(row["began"])  # as the cloud tells it: a long import's run begins anew, and its first history is gone
    content, tag = [moment_of(one["Timestamp"]) for one in done if one["FunctionName"] == "verify_digest"][-2:]
    ended = max(begun, moment_of(row["ended"]))
    return Lag((begun - received).total_seconds(), (content - ended).total_seconds(), (tag - content).total_seconds())
