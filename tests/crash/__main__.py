"""`make crash`, the app's half: kill the host at each of its points while the app replicates. Exit status 1 when an end differs."""

import argparse
import sys
import time
from collections import Counter, defaultdict

from rich.console import Console
from rich.table import Column, Table

from tests.crash.scenarios import SCENARIOS
from tests.crash.walk import Outcome, Step, killed_at, prepared, running, steps_of

PROGRAM = "python -m tests.crash"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Kill the local host at each of its points while the app replicates.")
    parser.add_argument("--tenth", metavar="N", help="walk every tenth point, from the Nth on (0 to 9; 'now': another one each minute)")
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="only this one; may be given again")
    return parser.parse_args()


def chosen(steps: list[Step], tenth: str | None) -> list[Step]:
    if tenth is None:
        return steps
    first = int(time.time()) // 60 % 10 if tenth == "now" else int(tenth)
    print(f"Every tenth of {len(steps)} points, from number {first} on; again: {PROGRAM} --tenth {first}")
    return steps[first::10]


def table(outcomes: list[Outcome]) -> Table:
    """`started anew`: the kill fell between the POST and its checkpoint, so nobody knew of the import but its intent."""
    shown = Table(Column("scenario", no_wrap=True), title="Killed at each point while the app replicates, and started again")
    for column in ("points", "kills", "not reached again", "imports started anew", "other end"):
        shown.add_column(column, justify="right")
    for name in SCENARIOS:
        mine = [one for one in outcomes if one.step.scenario == name]
        kills, anew, wrong = (sum(map(bool, each)) for each in _columns(mine))
        shown.add_row(name, *map(str, (len(mine), kills, len(mine) - kills, anew, wrong)))
    return shown


def _columns(outcomes: list[Outcome]) -> tuple[list[bool], list[bool], list[bool]]:
    return [one.reached for one in outcomes], [one.imports > 0 for one in outcomes], [bool(one.trouble) for one in outcomes]


def main() -> int:
    given = arguments()
    began, outcomes = time.monotonic(), []
    with running() as site:
        steps = [step for name in given.scenario or SCENARIOS for step in steps_of(site, name)]
        walked = chosen(steps, given.tenth)
        by_scenario: dict[str, list[Step]] = defaultdict(list)
        for step in walked:
            by_scenario[step.scenario].append(step)
        for name, mine in by_scenario.items():
            prepared(site, SCENARIOS[name], [step.repository for step in mine])
        for step in walked:
            outcomes.append(killed_at(site, step))
            if outcomes[-1].trouble:
                print(f"{step}: comes to another end\n{outcomes[-1].trouble}", flush=True)
    Console(width=110).print(table(outcomes))
    points = Counter(one.step.point.partition(".")[2] for one in outcomes if one.reached)
    kills = ", ".join(f"{when} {times}" for when, times in points.items())
    print(f"{len(outcomes)} runs in {time.monotonic() - began:.0f} s; kills {kills}.")
    wrong = [one for one in outcomes if one.trouble]
    print(f"{len(wrong) or 'None'} came to another end than the undisturbed one.")
    return 1 if wrong or not any(one.reached for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
