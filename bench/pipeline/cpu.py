"""CPU of the app for one event, beside what it cannot do without: the same orchestrations with activities that do nothing, on the same
host, and the same requests by the bare transport."""

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.pipeline.counting import Request, requests_since
from bench.pipeline.figures import Figure, Row, Section, Table
from bench.pipeline.measured import Measured
from bench.pipeline.process import Process
from devkit.local.child import ROOT, kept_environment
from devkit.local.images import MANIFEST, Image, make_image
from tests.e2e.running import Json, Site

FLOOR = Path(__file__).parent / "floor"
REPOSITORY = "bench/cpu"
PATIENCE = 120.0
WARM = 3  # events that nobody counts
AT_ONCE = 8  # events under way
BODY = json.dumps({"source": {"registryUri": "x" * 40, "sourceImage": "x" * 120}, "credentials": "x" * 80, "mode": "Force"})


def cpu_per_event(folder: Path, targets: Sequence[int], events: int) -> Section:
    """Of so many events for each number of targets."""
    figures: list[Figure] = []
    rows: list[Row] = []
    for many in targets:
        app, requests, bare = _of_the_app(folder / f"app{many}", many, events)
        shape = _of_the_shape(folder / f"floor{many}", many, events)
        figures.append(Figure(f"{many} target{'s' if many > 1 else ''}", app / (shape + bare), 1.3, "{:.2f} ×"))
        rows.append((str(many), f"{app:.0f}", f"{shape:.0f}", f"{bare:.0f}", f"{requests:.1f}"))
    notes = (
        f"Images with a tag, {events} events, {AT_ONCE} at once, with warm credentials; no import takes time. The host's whole process is "
        "counted: the worker library, the SDK's replays and the local engine have their share on both sides."
    )
    table = Table(("targets", "the app", "the same shape, no-op activities", "the same requests, bare transport", "requests"), rows)
    return Section("CPU per event", notes, figures, [("Milliseconds of CPU for an event", table)])


def _of_the_app(folder: Path, targets: int, events: int) -> tuple[float, float, float]:
    """For an event: milliseconds, how many requests, and milliseconds of these alone."""
    with Measured(folder, targets) as site:
        with site.unheard():
            for number in range(WARM + events):
                site.put(image(number), REPOSITORY, f"v{number}")
        given = [site.event(REPOSITORY, image(number).digest, f"v{number}") for number in range(WARM + events)]
        spent, since = _spent(site, given)
        requests = requests_since(site, since)
        bare = _bare(site, requests)
        assert Process.of(site.stack).outcomes() == {"replicated": targets * len(given)}
    return 1000 * spent / events, len(requests) / events, 1000 * bare / events


def _of_the_shape(folder: Path, targets: int, events: int) -> float:
    """Milliseconds."""
    with Measured(folder, targets, FLOOR) as site:
        given = [site.event(REPOSITORY, image(number).digest, f"v{number}") for number in range(WARM + events)]
        return 1000 * _spent(site, given)[0] / events


def image(number: int) -> Image:
    return make_image(f"cpu {number}", layers=1)


def _spent(site: Site, given: Sequence[Json]) -> tuple[float, datetime]:
    """CPU seconds of the host for all but the first few events, and when those had ended."""
    host = Process.of(site.stack)
    for event in given[:WARM]:
        assert site.deliver(event).status == 202
        host.wait_for(given.index(event) + 1, PATIENCE)
    before, since = host.cpu(), datetime.now(UTC)
    for first in range(WARM, len(given), AT_ONCE):
        for event in given[first : first + AT_ONCE]:
            assert site.deliver(event).status == 202
        host.wait_for(min(first + AT_ONCE, len(given)), PATIENCE)
    return host.cpu() - before, since


def _bare(site: Site, requests: Sequence[Request]) -> float:
    """CPU seconds. Registries are asked with a password in place of a token, and ARM turns its own away: the client's work is alike."""
    given = {"times": 1, "requests": [_plain(site, one) for one in requests]}
    environment = {**kept_environment(), "SSL_CERT_FILE": str(site.ends.ca)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.pipeline.bare"],
        input=json.dumps(given).encode(),
        capture_output=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    return float(done.stdout)


def _plain(site: Site, request: Request) -> dict[str, Any]:
    if request.side == "ARM":
        target = next(one for one in json.loads(site.stack.app_settings["ReplicationTargets"]) if one["name"] == request.cloud)
        return {"method": request.method, "url": f"{target['cloud']['resourceManager']}{request.path}", "headers": {}, "body": BODY}
    registry = site.registries[request.cloud]
    basic = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    plain = {
        "method": request.method,
        "url": f"https://{registry.login_server}{request.path}",
        "headers": {"Authorization": f"Basic {basic}"},
    }
    if request.method != "PUT":
        return plain
    plain["headers"] |= {"Content-Type": MANIFEST}  # type: ignore[operator]
    return {**plain, "body": site.ask("source", "GET", request.path).body.decode()}
