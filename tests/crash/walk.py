"""Kill the host at one point after the other while the app replicates, start it again, and look what it comes to."""

import http.client
import select
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devkit.host.failpoints import FAIL_AT, NOTE_IN, counted
from tests.crash.scenarios import ALL, SCENARIOS, TAGS, Scenario
from tests.e2e.running import Site

TARGET = "china"
LOOK_EVERY = 0.05  # seconds
WITHIN = 60.0  # seconds, for one scenario
PAUSES = {"ReplicationSettle": "0.2", "ReplicationDeleteDelay": "0.2", "ReplicationUntaggedWait": "1", "ReplicationUnknownImport": "1"}


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """The `time`-th time that `point` is reached after the start, in that scenario."""

    scenario: str
    point: str
    time: int

    @property
    def repository(self) -> str:
        return f"crash/{self.scenario}-{self.point}-{self.time}".replace(" ", "-").replace("_", "-").lower()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`imports`: how many more were started than undisturbed. `trouble`: empty where it came to the same end."""

    step: Step
    reached: bool
    imports: int
    trouble: str


@contextmanager
def running() -> Iterator[Site]:
    """With one target, and a source whose Event Grid pauses a fiftieth as long."""
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        site = Site(Path(folder) / "site", 1, **PAUSES)
        site.stack.clouds["source"].settings["clockScale"] = 50
        with site:
            yield site


def prepared(site: Site, scenario: Scenario, repositories: Sequence[str]) -> None:
    """All at once: they arrive together."""
    for repository in repositories:
        for image, tag in scenario.before:
            site.put(image, repository, tag)
    quiet(site)


def steps_of(site: Site, name: str) -> list[Step]:
    """As an undisturbed run reaches them, when the host has started."""
    scenario, host, repository = SCENARIOS[name], site.stack.host, f"crash/{name.replace(' ', '-')}"
    prepared(site, scenario, [repository])
    notes = Path(tempfile.mkstemp(prefix="points-")[1])
    restarted(site, **{NOTE_IN: str(notes)})
    began = counted(notes)
    scenario.act(site, repository)
    quiet(site)
    assert (trouble := differences(site, repository)) == "", trouble
    ended = counted(notes)
    notes.unlink()
    restarted(site)
    assert host.pid is not None
    return [Step(name, point, number) for point in sorted(ended) for number in range(began[point] + 1, ended[point] + 1)]


def killed_at(site: Site, step: Step) -> Outcome:
    """The repository is prepared."""
    scenario, host = SCENARIOS[step.scenario], site.stack.host
    before = len(site.clouds[TARGET].imports(step.repository))
    restarted(site, **{FAIL_AT: f"{step.point}:{step.time}"})
    scenario.act(site, step.repository)
    reached = died(site)
    if reached:
        host.kill()
    restarted(site)  # in any case: what judges asks the app too, and would reach the point
    trouble = ""
    try:
        quiet(site)
        trouble = differences(site, step.repository)
    except AssertionError as error:
        trouble = str(error)
    imports = len(site.clouds[TARGET].imports(step.repository)) - before - scenario.imports
    return Outcome(step, reached, imports, trouble)


def restarted(site: Site, **environment: str) -> None:
    host = site.stack.host
    for name in (FAIL_AT, NOTE_IN):
        host.environment.pop(name, None)
    host.environment |= environment
    host.stop()
    host.start()


def died(site: Site) -> bool:
    """False: all became quiet, and the point was not reached."""
    until, output = time.monotonic() + WITHIN, site.stack.host.output
    while time.monotonic() < until:
        if select.select([output], [], [], LOOK_EVERY)[0]:
            return True
        try:
            if site.is_quiet() and not select.select([output], [], [], LOOK_EVERY)[0]:
                return False
        except (OSError, http.client.HTTPException):  # it dies just now
            continue
    raise AssertionError(f"neither dead nor quiet within {WITHIN:g} s")


def quiet(site: Site) -> None:
    until = time.monotonic() + WITHIN
    while not site.is_quiet():
        assert time.monotonic() < until, f"not quiet within {WITHIN:g} s"
        time.sleep(LOOK_EVERY)


def differences(site: Site, repository: str) -> str:
    """Of tags and digests, and of what was told: each run has ended, with one outcome for the target."""
    references = [*TAGS, *(image.digest for image in ALL)]
    held = {reference: site.held(repository, reference) for reference in references}
    found = [f"{reference}: {sides}" for reference, sides in held.items() if len(set(sides.values())) > 1]
    for run in site.runs_of(repository):
        told = site.run(run)
        assert told is not None
        outcomes = Counter(target["target"] for target in told["targets"] if target["outcome"] and target["outcome"] != "failed")
        if told["state"] != "ended" or outcomes != {TARGET: 1}:
            found.append(f"{run}: {told['state']}, {[target['state'] for target in told['targets']]}")
    return "; ".join(found)
