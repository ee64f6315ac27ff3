"""How often each race has really happened, by what clouds and host have written down."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.records import Import, Records, Told
from tests.chaos.weather import PROVOKED

TWO_RUNS = "two runs for one tag"
DELETED = "delete during an import"
KILLED = "kill between POST and checkpoint"
ORPHAN = "orphan landing late"
LATE = "lost PUT or DELETE landing late"
STALE = "stale read"
MOVED = "tag moved between look and act"
RACES = (TWO_RUNS, DELETED, KILLED, ORPHAN, LATE, STALE, MOVED)
LOOKS, ACTS = ("look", "look_around"), ("move_tag", "remove_tag", "delete_artifact")


@dataclass(slots=True)
class Races:
    """`chance` and `provoked`, by race."""

    chance: Counter[str] = field(default_factory=Counter)
    provoked: Counter[str] = field(default_factory=Counter)

    def of(self, repository: str) -> Counter[str]:
        return self.provoked if repository.startswith(f"{PROVOKED}/") else self.chance


def counted(records: Records, rules: Mapping[str, Sequence[Mapping[str, Any]]]) -> Races:
    """But for kills, which are counted when they happen. `rules`: each cloud's faults, with their counts."""
    races = Races()
    for repository in second_runs(records.runs()):
        races.of(repository)[TWO_RUNS] += 1
    for target in records.targets:
        for one in overtaken(records.imports(target), records.deletions()):
            races.of(one.repository)[DELETED] += 1
    for repository in moved_between(records):
        races.of(repository)[MOVED] += 1
    for told in rules.values():
        for rule in told:
            name = race_of(rule)
            if name is not None:
                counts = races.provoked if rule["id"].startswith(PROVOKED) else races.chance
                counts[name] += rule["landed"]
    return races


def race_of(rule: Mapping[str, Any]) -> str | None:
    """Which one a fault brings about when what it held back lands."""
    match rule["service"], rule["fault"]["kind"]:
        case ("imports", "lands_late" | "lands_twice") | ("arm", "late_write"):
            return ORPHAN
        case "registry", "late_write":
            return LATE
        case "registry", "stale_read":
            return STALE
    return None


def second_runs(runs: Sequence[Told]) -> Iterator[str]:
    """The repository of each run that began while another of its tag was under way."""
    ends: dict[tuple[str, str], float] = {}
    for run in sorted(runs, key=lambda run: run.began):
        if run.tag is None:
            continue
        key, ended = (run.repository, run.tag), float("inf") if run.ended is None else run.ended
        if ends.get(key, 0.0) > run.began:
            yield run.repository
        ends[key] = max(ends.get(key, 0.0), ended)


def overtaken(imports: Sequence[Import], deletions: Sequence[tuple[str, str, float]]) -> Iterator[Import]:
    """Imports of what the source lost meanwhile."""
    moments: dict[tuple[str, str], list[float]] = {}
    for repository, digest, moment in deletions:
        moments.setdefault((repository, digest), []).append(moment)
    for one in imports:
        ended = float("inf") if one.ended is None else one.ended
        if any(one.began <= moment <= ended for moment in moments.get((one.repository, one.digest), ())):
            yield one


def moved_between(records: Records) -> Iterator[str]:
    """The repository of each act between which and the look before it the source really changed what the act was about."""
    tags, lost, works = records.past("source").tags, records.deletions(), records.works()
    for instance, looked, acted in looks_and_acts(records.steps(*LOOKS, *ACTS)):
        work = works.get(instance, {"repository": "", "tag": None, "digest": None})
        key = (work["repository"], work["tag"] or "")
        changes = [moment for since, until, _ in tags.get(key, ()) for moment in (since, until)]
        moments = [*changes, *(moment for name, digest, moment in lost if (name, digest) == (key[0], work["digest"]))]
        if any(looked <= moment <= acted for moment in moments):
            yield key[0]


def looks_and_acts(steps: Iterable[tuple[str, str, float, float]]) -> Iterator[tuple[str, float, float]]:
    """Instance, when it began to look and when the act after that had ended."""
    looked: dict[str, float] = {}
    for instance, name, began, ended in steps:
        if name in LOOKS:
            looked[instance] = began
        elif instance in looked:
            yield instance, looked[instance], ended
