"""Kill the host at one point after the other, start it again, and compare what it comes to with an undisturbed run."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devkit.host.failpoints import FAIL_AT, NOTE_IN, counted
from tests.devkit.host.crash.end import difference, end_of, raised, tasks
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.crash.program import Client, run

APP = Path(__file__).parents[3] / "host_apps" / "everything"
SCALE = 100.0  # the program's longest timer, ten seconds, takes a tenth of one
AT_ONCE = 2
TICKS = 2  # a schedule ticks as long as the program runs: so many of its ticks are walked


@dataclass(frozen=True, slots=True)
class Step:
    """The `time`-th time that `point` is reached."""

    point: str
    time: int

    def __str__(self) -> str:
        return f"{self.point}:{self.time}"


@dataclass(frozen=True, slots=True)
class Undisturbed:
    end: list[str]
    names: Counter[str]  # of the tasks that ran, without their trace parents
    points: Counter[str]

    def steps(self) -> list[Step]:
        return [
            Step(point, time)
            for point, times in sorted(self.points.items())
            for time in range(1, 1 + (min(times, TICKS) if point.startswith("timer") else times))
        ]


@dataclass(frozen=True, slots=True)
class Outcome:
    step: Step
    reached: bool
    trouble: str  # empty: it came to the same end


@contextmanager
def victim(*options: str, **environment: str) -> Iterator[Victim]:
    """A host in a folder of its own, with further `options` of its command line; `environment` may name a file there by `{folder}`."""
    with tempfile.TemporaryDirectory(prefix="crash-") as name:
        folder = Path(name)
        told = {key: value.format(folder=folder) for key, value in environment.items()}
        host = Victim(APP, folder, {"JOURNAL": str(folder / "journal")}, clock_scale=SCALE, options=options, environment=told)
        try:
            yield host
        finally:
            host.give_up()


def undisturbed() -> Undisturbed:
    with victim(**{NOTE_IN: "{folder}/points"}) as host:
        run(host)
        assert host.deaths == 0
        ran = tasks(host.folder / "journal")
        assert set(ran.values()) == {1}, ran
        return Undisturbed(end_of(host.folder / "state"), names(ran), counted(host.folder / "points"))


def killed_at(step: Step, wanted: Undisturbed, keep: Path | None) -> Outcome:
    with victim(**{FAIL_AT: str(step)}) as host:
        try:
            trouble = judge(host, run(host), wanted)
        except AssertionError as error:
            trouble = f"{error}\n{host.log.read_text()[-4000:] if host.log.exists() else ''}"
        if trouble and keep is not None:
            shutil.copytree(host.folder, keep / str(step), dirs_exist_ok=True)
        return Outcome(step, host.deaths > 0, trouble)


def treated(unkindly: str, wanted: Undisturbed) -> str:
    """What is wrong after a run on an unkind host: activities may run up to three times, and nothing else may differ."""
    with victim("--unkind", unkindly, "--seed", "1") as host:
        trouble = judge(host, run(host), wanted, most=3)
        kind = set(tasks(host.folder / "journal").values()) == {1}
        return "no activity ran twice" if kind and not trouble else trouble


def judge(host: Victim, client: Client, wanted: Undisturbed, most: int = 1) -> str:
    """What is wrong; activities may run `most` times and once more for a kill, and an event may lie there as often as it was sent."""
    troubles = [difference(wanted.end, end_of(host.folder / "state"))]
    ran = tasks(host.folder / "journal")
    if (found := names(ran)) != wanted.names:
        troubles.append(f"tasks: {wanted.names - found} did not run, {found - wanted.names} ran besides")
    troubles += [f"task {task} ran {times} times" for task, times in ran.items() if times > most + host.deaths]
    lying = raised(host.folder / "state").items()
    troubles += [f"event {key} lies there {times} times, sent {client.sent[key]}" for key, times in lying if times > client.sent[key]]
    return "\n".join(filter(None, troubles))


def names(ran: Counter[str]) -> Counter[str]:
    return Counter(task.partition(" ")[0] for task in ran)


def walk(steps: Sequence[Step], wanted: Undisturbed, keep: Path | None) -> Iterator[Outcome]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda step: killed_at(step, wanted, keep), steps)
