"""What a run came to: one table for people, one object of JSON for programs, and whether it is good."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.judge import Difference
from tests.chaos.races import RACES, Races
from tests.chaos.reader import Seen

LONG = 1_000  # operations, from which on each race must have happened by chance too
SHOWN = 60  # differences


@dataclass(slots=True, kw_only=True)
class Report:
    seed: int
    operations: int
    targets: int
    dropped: float
    kinds: Mapping[str, int]
    events: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    races: Races = field(default_factory=Races)
    accidents: Mapping[str, int] = field(default_factory=dict)
    imports: int = 0
    extra_imports: int = 0  # of a digest into a repository that had been begun before and did not fail
    runs: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    failures: Sequence[str] = ()  # outcomes that nothing explains
    broken: Sequence[str] = ()  # instances in which a bug threw
    seen: Seen = field(default_factory=Seen)
    deviations: Mapping[str, int] = field(default_factory=dict)  # of tags at the targets from the source, by what was written down
    longest: Mapping[str, float] = field(default_factory=dict)  # seconds, by kind
    alone: Sequence[str] = ()  # those that nothing was putting right
    differences: Sequence[Difference] = ()
    secrets: Sequence[str] = ()
    strays: Sequence[str] = ()
    reconciled: str = ""
    never_quiet: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    def troubles(self) -> list[str]:
        """Each a sentence; none: it is good."""
        troubles = [str(one) for one in self.differences if one.verdict == "differs"]
        if not self.dropped:  # what no event told of is put right by reconciliation, not by a run that is under way
            troubles += [f"alone: {told}" for told in (*self.seen.alone.values(), *self.alone)]
        troubles += [f"failed: {told}" for told in self.failures]
        troubles += [f"broken: {told}" for told in self.broken]
        troubles += [f"secret: {told}" for told in self.secrets]
        troubles += [f"stray: {told}" for told in self.strays]
        troubles += [f"race never met: {race}" for race in self.unmet()]
        troubles += [self.never_quiet] if self.never_quiet else []
        return troubles

    def unmet(self) -> list[str]:
        """Each is to be provoked, and to happen by chance as well where the run is long."""
        by_chance = [f"{race} by chance" for race in RACES if not self.races.chance[race] and self.operations >= LONG]
        return [f"{race} on purpose" for race in RACES if not self.races.provoked[race]] + by_chance

    def to_json(self) -> dict[str, Any]:
        seen = {name: getattr(self.seen, name) for name in ("looks", "times", "longest", "longest_alone")}
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("races", "seen", "differences")}
        return {
            **plain,
            "races": {"by chance": dict(self.races.chance), "on purpose": dict(self.races.provoked)},
            "seen": {**seen, "alone": list(self.seen.alone.values())},
            "differences": [asdict(one) for one in self.differences],
            "troubles": self.troubles(),
        }

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.to_json(), indent=1))

    def show(self, console: Console) -> None:
        table = Table("", "", title=f"seed {self.seed}: {self.operations} operations, {self.targets} targets", title_justify="left")
        for name, value in self._lines():
            table.add_row(name, value)
        console.print(table)
        troubles = self.troubles()
        for trouble in troubles[:SHOWN]:
            console.print(trouble, soft_wrap=True, markup=False, highlight=False)
        if len(troubles) > SHOWN:
            console.print(f"... and {len(troubles) - SHOWN} more")
        console.print("All targets hold what the source holds." if not troubles else f"{len(troubles)} troubles.")

    def _lines(self) -> Sequence[tuple[str, str]]:
        verdicts = Counter(one.verdict for one in self.differences)
        shares = {name: f"{calls} ({self.calls[f'{name}, failed'] / max(1, calls):.0%} failed)" for name, calls in self.calls.items()
                  if f"{name}, failed" in self.calls}  # fmt: skip
        return [
            ("operations", told(self.kinds)),
            ("events", told(self.events)),
            ("runs", f"{self.runs}: {told(self.outcomes)}"),
            ("imports", f"{self.imports}, {self.extra_imports} of them extra"),
            ("calls of the app", told(shares)),
            ("faults", told(self.faults)),
            ("accidents", told(self.accidents)),
            *((f"race: {race}", f"{self.races.chance[race]} by chance, {self.races.provoked[race]} on purpose") for race in RACES),
            ("tags not as at the source, by the reader", f"{told(self.seen.times)}, in {self.seen.looks} looks"),
            ("  longest, seconds", told({kind: f"{seconds:.1f}" for kind, seconds in self.seen.longest.items()})),
            ("  with no run under way", f"{len(self.seen.alone)}"),
            ("tags not as at the source, by the records", told(self.deviations)),
            ("  longest, seconds", told({kind: f"{seconds:.1f}" for kind, seconds in self.longest.items()})),
            ("  with no run under way", f"{len(self.alone)}"),
            ("reconciliation", self.reconciled or "not needed: no event was dropped"),
            ("untagged at the source only", str(verdicts["untagged"])),
            ("excused, the source's own index lacks a child", str(verdicts["excused"])),
            ("differences", str(verdicts["differs"])),
            ("unexplained failures", str(len(self.failures) + len(self.broken))),
            ("secrets, strays", f"{len(self.secrets)}, {len(self.strays)}"),
            ("seconds", told({name: f"{one:.0f}" for name, one in self.seconds.items()})),
        ]


def told(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
