"""HTTP requests, connections and activities for one event and one target, with warm credentials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from bench.pipeline.counting import Made, counted, made_by
from bench.pipeline.figures import Figure, Row, Section, Table
from bench.pipeline.measured import Measured
from devkit.local.images import Image, make_image, make_index
from tests.e2e.running import Site

REPOSITORY = "bench/requests"
SLOW = 4.0  # seconds of an import that is looked at more than once
STEPS = 7


@dataclass(frozen=True, slots=True)
class Act:
    """`allowed`: requests, of what it made. `does` gives its runs."""

    name: str
    bar: str
    allowed: Callable[[Made], int]
    does: Callable[[Site], list[str]]


def image(text: str) -> Image:
    return make_image(f"bench {text}", layers=1)


def acts(children: int) -> list[Act]:
    index = make_index("bench index", [f"cpu{number}" for number in range(children)], layers=1)
    pushed = make_index("bench pushed whole", [f"cpu{number}" for number in range(children)], layers=1)

    def index_alone(site: Site) -> list[str]:
        with site.unheard():
            site.put(index, REPOSITORY, "index")
        return delivered(site, index, "index")

    def index_pushed(site: Site) -> list[str]:
        site.put(pushed, REPOSITORY, "pushed")
        untagged = [site.run_id(event["id"], REPOSITORY, None) for event in site.clouds["source"].events(REPOSITORY)[-children:]]
        return [*untagged, site.newest_run(REPOSITORY, "pushed")]

    def duplicate(site: Site) -> list[str]:
        return delivered(site, image("image"), "image")

    def deleted(site: Site) -> list[str]:
        return [site.delete(REPOSITORY, image("image").digest)]

    def deleted_with_referrer(site: Site) -> list[str]:
        return [site.delete(REPOSITORY, image("signed").digest)]

    def slow(site: Site) -> list[str]:
        with site.clouds["china"].slow_imports(SLOW):
            run = site.push(image("slow"), REPOSITORY, "slow")
            site.ended(run)
        return [run]

    def signed(site: Site) -> list[str]:
        signature = make_image("bench signature", layers=0, subject=image("signed"))
        return [site.push(image("signed"), REPOSITORY, tag) for tag in ("s1", "s2")] + [site.push(signature, REPOSITORY)]

    return [
        Act(
            "image",
            "10, + 1 per further check, + 1 where ARM is asked",
            looked(10),
            lambda site: [site.push(image("image"), REPOSITORY, "image")],
        ),
        Act(f"image whose import takes {SLOW:.0f} s", "as above", looked(10), slow),
        Act(f"index of {children}, its own event", "11 + children", looked(11 + children), index_alone),
        Act(
            f"index of {children}, with its children's events",
            "+ 2 per child's own event, + 1 per waiting look",
            lambda made: looked(11 + 3 * children)(made) + made.waits,
            index_pushed,
        ),
        Act("retag", "8", looked(8), lambda site: [site.push(image("image"), REPOSITORY, "again")]),
        Act("duplicate", "2", looked(2), duplicate),
        Act("delete, of two tags", "16 + 4 per tag and referrer", looked(16 + 4 * 2), deleted),
        Act("two tags and a referrer pushed", "", lambda made: len(made.requests), signed),
        Act("delete, of two tags and a referrer", "16 + 4 per tag and referrer", looked(16 + 4 * 3), deleted_with_referrer),
    ]


def looked(base: int) -> Callable[[Made], int]:
    return lambda made: base + max(0, made.checks - made.asked_arm - 1) + made.asked_arm


def delivered(site: Site, one: Image, tag: str) -> list[str]:
    """An event that is new, of what is there."""
    event = site.event(REPOSITORY, one.digest, tag)
    assert site.deliver(event).status == 202
    return [site.run_id(event["id"], REPOSITORY, tag)]


def requests_per_event(folder: Path, children: int) -> Section:
    """On a stack of its own, with one target."""
    with Measured(folder, 1) as site:
        warm(site)
        return shown([(act, made(site, act)) for act in acts(children)])


def made(site: Site, act: Act) -> Made:
    """Where nothing else happens meanwhile."""
    since = datetime.now(UTC)
    runs = act.does(site)
    for run in runs:
        site.ended(run)
    site.until_quiet()
    return made_by(site, runs, since)


def warm(site: Site) -> None:
    """A push and a deletion: tokens of every scope that these ask for, and connections to every host."""
    first = image("warm")
    site.ended(site.push(first, REPOSITORY, "warm"))
    site.ended(site.delete(REPOSITORY, first.digest))


def shown(done: Sequence[tuple[Act, Made]]) -> Section:
    figures, tables = [], []
    for act, one in done:
        if act.bar:
            figures.append(Figure(f"requests: {act.name} ({act.bar})", len(one.requests), act.allowed(one), "{:.0f}"))
        figures += [Figure(f"connections: {act.name}", one.connections, None, "{:.0f}")] if act.bar else []
    for act, one in done:
        if "image" in act.name or act.name in ("retag", "duplicate") or "own event" in act.name:
            most = STEPS + one.checks + one.waits
            figures.append(Figure(f"activities: {act.name} ({STEPS} + checks + waiting looks)", len(one.calls), most, "{:.0f}"))
    for act, one in done:
        what = f"{act.name}: {counted([call.name for call in one.calls])}; requests to storage: {one.ledger}"
        tables.append((what, Table(("step", "request", "answers", "why"), _rows(one))))
    notes = (
        "One event, one target, one at a time; tokens and connections are warm. The app's own requests as the clouds recorded them, to the "
        "source, the target's registry, ARM and Entra. Storage is told apart: what the ledger, here SQLite, would ask of Table storage."
    )
    return Section("Requests and activities per event and target", notes, figures, tables)


def _rows(one: Made) -> list[Row]:
    """What is alike and follows one upon the other in one step is one row."""
    rows: list[Row] = []
    for _, group in groupby(one.requests, key=lambda each: (each.step, each.side, each.method, "sha256:" in each.path)):
        alike = list(group)
        first, many = alike[0], f"{len(alike)} × " if len(alike) > 1 else ""
        answers = ", ".join(sorted({str(each.status) for each in alike}))
        rows.append((first.step, f"{many}{first.method} {first.side}: {_short(first.path)}", answers, first.reason))
    return rows


def _short(path: str) -> str:
    """Without the repository, and little of a digest."""
    name = path.partition("/providers/")[2] or path.replace(f"/{REPOSITORY}/", "/…/")
    return name if "sha256:" not in name else f"{name.partition('sha256:')[0]}sha256:{name.partition('sha256:')[2][:6]}…"
