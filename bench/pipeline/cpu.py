"""CPU of the app for one event, beside what it cannot do without: the same orchestrations with activities that do nothing but send the same
requests, by the bare transport."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.pipeline.counting import Request, requests_since
from bench.pipeline.figures import Figure, Section, Table, median
from bench.pipeline.measured import Measured
from bench.pipeline.process import Process
from bench.pipeline.shape import Asked, Event, asked_in, same_steps, shape_of, sides_of
from devkit.local.images import Image, make_image
from tests.e2e.running import Json, Site

FLOOR = Path(__file__).parent / "floor"
REPOSITORY = "bench/cpu"
PATIENCE = 120.0
WARM = 3  # events that nobody counts, one after the other
AT_ONCE = 8  # events under way


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of CPU for an event. `floor`: of the same shape with the same requests; `quiet`: of the shape alone. `requests`: how
    many there are."""

    app: float
    floor: float
    quiet: float
    requests: float

    @property
    def ratio(self) -> float:
        return self.app / self.floor

    def row(self, targets: int) -> Sequence[str]:
        parts = (self.app, self.quiet, self.floor - self.quiet, self.app - self.floor)
        return str(targets), *(f"{part:.1f}" for part in parts), f"{self.requests:.1f}"


def cpu_per_event(folder: Path, targets: Sequence[int], batches: int) -> Section:
    """Of so many batches of events, for each number of targets. The first of these is one."""
    found: dict[int, Spent] = {}
    asked: Asked | None = None
    for many in targets:
        found[many], asked = spent(folder / str(many), many, batches, asked)
    figures = [Figure(f"{many} target{'s' if many > 1 else ''}", one.ratio, 1.3, "{:.2f} ×") for many, one in found.items()]
    notes = (
        f"Images with a tag, {AT_ONCE} events at once, warm credentials; no import takes time. The app is measured against one that has "
        "the same orchestrations and pauses, with inputs, answers and outputs of the same sizes, and sends in each step the same requests "
        "by azure-core's transport without policies, to clouds of its own, which answer the same. It sets no custom status and looks at no "
        f"answer. Medians of {batches} batches, one of each kind in turn, so that a busy machine slows all. Counted is the host's whole "
        "process: the worker library, the SDK's replays and the local engine have their share on both sides. What is left is the app's "
        "own: its code, the pipelines of the Azure SDKs, the ledger's file, statuses and log lines."
    )
    head = ("targets", "the app", "the shape, activities do nothing", "its requests, bare transport", "what is left", "requests")
    table = Table(head, [one.row(many) for many, one in found.items()])
    return Section("CPU per event", notes, figures, [("Milliseconds of CPU for an event", table)])


def spent(folder: Path, targets: int, batches: int, asked: Asked | None) -> tuple[Spent, Asked]:
    """`asked`: the requests of each step, where they are known from a stack with one target."""
    numbers = range(WARM + AT_ONCE * batches)
    with Measured(folder / "app", targets) as site:
        app = Side(site, numbers)
        app.warm(WARM - 1)
        since = datetime.now(UTC)
        app.warm(1)
        last = app.given[WARM - 1]
        event = Event(site.run_id(last["id"], REPOSITORY, f"v{WARM - 1}"), REPOSITORY, f"v{WARM - 1}", image(WARM - 1).digest)
        asked = asked or asked_in(site, event, since)
        bare = Measured(folder / "floor", targets, FLOOR)
        shape = shape_of(site, event, asked)
        bare.stack.app_settings["BENCH_SHAPE"] = json.dumps(shape | {"sides": {}})
        with bare:
            bare.stack.app_settings["BENCH_SHAPE"] = json.dumps(shape | {"sides": sides_of(bare, REPOSITORY)})
            bare.stack.host.restart()  # its settings hold tokens of its own clouds, which had to run before
            floor = Side(bare, numbers)
            floor.warm(WARM)
            for end in ("", *(f"~{name}" for name in site.registries if name != "source")):
                assert same_steps(site.instance(f"{event.run}{end}"), bare.instance(f"{floor.given[WARM - 1]['id']}{end}"))
            since = datetime.now(UTC)
            rounds = [(app.batch(), floor.batch(), floor.batch(quiet=True)) for _ in range(batches)]
            requests = requests_since(site, since)
            different = told(requests) - told(requests_since(bare, since))
            assert different.total() <= len(requests) / 20, different  # an import that comes late is looked for once more
        assert app.host.outcomes() == {"replicated": targets * len(numbers)}
    whole, bare_app, quiet = (median(column) for column in zip(*rounds, strict=True))
    return Spent(whole, bare_app, quiet, len(requests) / AT_ONCE / batches), asked


def told(requests: Iterable[Request]) -> Counter[tuple[str, ...]]:
    """How many there were of each kind, and how they were answered."""
    return Counter((one.cloud, one.side, one.method, str(one.status)) for one in requests)


def image(number: int) -> Image:
    return make_image(f"cpu {number}", layers=1)


class Side:
    """One of the two hosts, and the events that it is given, one for each image."""

    def __init__(self, site: Site, numbers: Sequence[int]) -> None:
        with site.unheard():
            for number in numbers:
                site.put(image(number), REPOSITORY, f"v{number}")
        self.host = Process.of(site.stack)
        self.given: list[Json] = [site.event(REPOSITORY, image(number).digest, f"v{number}") for number in numbers]
        self._site = site
        self._next = 0
        self._ended = 0

    def warm(self, events: int) -> None:
        """One after the other."""
        for _ in range(events):
            self._run(1, quiet=False)

    def batch(self, *, quiet: bool = False) -> float:
        """Milliseconds of CPU for an event. `quiet`: those of the batch before once more, which are to make no requests."""
        before = self.host.cpu()
        self._run(AT_ONCE, quiet=quiet)
        return 1000 * (self.host.cpu() - before) / AT_ONCE

    def _run(self, events: int, *, quiet: bool) -> None:
        first = self._next - events if quiet else self._next
        for event in self.given[first : first + events]:
            once_more = {"id": f"{event['id']}-quiet", "data": {**event["data"], "quiet": True}}
            assert self._site.deliver({**event, **once_more} if quiet else event).status == 202
        self._next = first + events
        self._ended += events
        self.host.wait_for(self._ended, PATIENCE)
