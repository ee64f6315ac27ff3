"""A burst: many events to three targets, how fast they end, and whether the app's memory grows with them."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.pipeline.figures import Figure, Section, median
from bench.pipeline.measured import Measured
from bench.pipeline.process import Process
from devkit.demo.push import Pusher
from devkit.local.images import make_image
from tests.e2e.running import Site

TARGETS = 3
IMPORT = 0.05  # seconds
REPOSITORIES = 20
PUSHERS = 2
PATIENCE = 400.0  # seconds
GROWTH = 1.10  # of the resident memory, from half of the events to all
LOOK_EVERY = 0.5


def throughput(folder: Path, events: int) -> Section:
    with Measured(folder, TARGETS, ReplicationSettle="1", ReplicationPatience="300") as site, ExitStack() as paces:
        for name in site.clouds.keys() - {"source"}:
            paces.enter_context(site.clouds[name].slow_imports(IMPORT))
        host = Process.of(site.stack)
        before, cpu = host.resident(), host.cpu()
        began = time.monotonic()
        with ThreadPoolExecutor(PUSHERS) as pool:
            pushing = [pool.submit(_push, site, range(first, events, PUSHERS)) for first in range(PUSHERS)]
            samples = _until_ended(host, events)
            for each in pushing:
                each.result()
        took, spent = time.monotonic() - began, host.cpu() - cpu
        outcomes = host.outcomes()
    half = [resident for ended, resident in samples if events / 4 <= ended <= events / 2] or [before]
    rest = [resident for ended, resident in samples if ended > 3 * events / 4] or [before]
    wrong = events * TARGETS - outcomes["replicated"]
    notes = (
        f"{events} images of one small layer, pushed by {PUSHERS} programs into {REPOSITORIES} repositories as fast as the source takes "
        f"them, each to {TARGETS} targets; imports of {1000 * IMPORT:.0f} ms. Clouds, host and client share this machine's cores, so the "
        "rate is theirs together; the host's CPU is the app's and the local engine's. Memory: the median of the last quarter beside that "
        "of the second."
    )
    return Section(
        "Throughput and memory",
        notes,
        [
            Figure("events a second", events / took, None, "{:.2f}"),
            Figure("replications a second", events * TARGETS / took, None, "{:.2f}"),
            Figure("not replicated", wrong, 0, "{:.0f}"),
            Figure("CPU of the host for one event", 1000 * spent / events, None, "{:.0f} ms"),
            Figure("resident before", before, None, "{:.0f} MiB"),
            Figure("resident, second quarter", median(half), None, "{:.0f} MiB"),
            Figure("resident, last quarter", median(rest), GROWTH * median(half), "{:.0f} MiB"),
        ],
    )


def _push(site: Site, numbers: range) -> None:
    with Pusher(site.ends.source, site.ends.ca) as pusher:
        for number in numbers:
            pusher.push(make_image(f"burst {number}", layers=0 if number else 1), f"bench/burst{number % REPOSITORIES}", f"v{number}")


def _until_ended(host: Process, events: int) -> list[tuple[int, float]]:
    """(how many events had ended, MiB), from time to time."""
    until, samples = time.monotonic() + PATIENCE, list[tuple[int, float]]()
    while not samples or samples[-1][0] < events:
        assert time.monotonic() < until, f"{samples[-1][0]} of {events} events ended within {PATIENCE:.0f} s"
        time.sleep(LOOK_EVERY)
        samples.append((host.ended(), host.resident()))
    return samples
