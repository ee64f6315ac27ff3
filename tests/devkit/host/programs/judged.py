"""What must be true of every run: host and SDK agree, or the host says by which rule they do not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from unittest.mock import patch

from devkit.host.durable import rules, verdict
from devkit.host.durable.rules import Rule, explained
from tests.devkit.host.programs.program import KINDS, Kind, Maker, Program
from tests.devkit.host.programs.run import Match, Outcome, Run
from tests.devkit.host.programs.sdk import quick

BY_NAME = {rule.name: rule for rule in rules.RULES}
SHIFTS = {rules.TASK_ALL_SHIFTS, rules.LOOP_SHIFTS, rules.CANCEL_SHIFTS, rules.LONG_SHIFTS, rules.SENT_TWICE}
HANDED_OUT = {rules.EVENT_AGAIN, rules.EVENT_TWICE}
AGREES = "identical"
NESTED = "nested task_all fails, then its last task succeeds"  # the SDK breaks: no rule of the host's


@dataclass(frozen=True, slots=True)
class Judged:
    """A run of the program that `kind` and `seed` make."""

    kind: Kind
    seed: int
    outcome: Outcome
    azure: Outcome | None = None  # what Azure, which notices nothing, makes of a program that the host refused

    @property
    def complaint(self) -> str:
        """Why this run is a failure of the host's; empty when it is none."""
        ran, said = self.outcome, [BY_NAME[name] for name in self.outcome.rules]
        fails, warns = any(rule.fails for rule in said), any(not rule.fails for rule in said if rule is not rules.TIMER_LEFT)
        bad = [
            (ran.match is Match.SHIFTED and not fails, "the numbers differ, and the host does not say so"),
            (ran.match is Match.DELAYED and not said, "the host lags behind the SDK, and does not say so"),
            (bool(ran.wrong), f"values went astray: {ran.wrong}"),
            (ran.hangs, "it never ends"),
            (
                bool(ran.lost) and rules.EVENT_LOST not in said and not fails,
                f"the events {ran.lost} were lost, and the host does not say so",
            ),
            (
                bool(ran.again) and HANDED_OUT.isdisjoint(said) and not fails,
                f"the events {ran.again} were handed out again, and the host does not say so",
            ),
            (not ran.moved and not SHIFTS.isdisjoint(said) and ran.match is not Match.SHIFTED, f"the numbers agree: {ran.refused}"),
            (not ran.again and not HANDED_OUT.isdisjoint(said), f"no event was handed out again: {ran.rules}"),
            (self.azure is not None and self.azure.well, f"Azure would have gone on to the right end: {ran.refused}"),
            (bool(ran.refused) and not fails, f"it was refused by no rule: {ran.refused}"),
            (bool(ran.broken) and explained(ran.broken) is None, f"the SDK broke by no known rule: {ran.broken}"),
            (
                warns and ran.match is Match.SAME and not ran.lost and not ran.again and not fails,
                f"all is well, and the host warns: {ran.rules}",
            ),
        ]
        return "; ".join(text for is_so, text in bad if is_so)

    @property
    def classes(self) -> list[str]:
        """The disagreements of this run, the worst first; one without any is `identical`."""
        named: list[Rule] = sorted((BY_NAME[name] for name in self.outcome.rules), key=lambda rule: not rule.fails)
        names = [rule.name for rule in named if rule is not rules.TIMER_LEFT]
        return [*names, *([NESTED] if self.outcome.broken else [])] or [AGREES]


def made(kind: Kind, seed: int) -> tuple[Program, Random]:
    random = Random(seed)
    return Maker(random, kind).program(), random


def judged(kind: Kind, seeds: range) -> Iterator[Judged]:
    with quick():
        for seed in seeds:
            outcome = ran(kind, seed)
            with patch.object(verdict, "disagreements", lambda *_: []):
                azure = ran(kind, seed) if outcome.refused else None
            yield Judged(kind, seed, outcome, azure)


def ran(kind: Kind, seed: int) -> Outcome:
    program, random = made(kind, seed)
    return Run(program, kind.failing, random).through()


def table(programs: int, seed: int) -> tuple[str, list[Judged]]:
    """Of each kind, so many programs: how many of which class, as Markdown, and the runs that are failures."""
    failures, lines = [], ["| programs | of them | count |", "|---|---|---|"]
    for kind in KINDS.values():
        counts: Counter[str] = Counter()
        for run in judged(kind, range(seed, seed + programs)):
            counts[run.classes[0]] += 1
            if run.complaint:
                failures.append(run)
        lines += [f"| {kind.name} | {name} | {count} |" for name, count in counts.most_common()]
    return "\n".join(lines), failures
