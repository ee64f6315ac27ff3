"""`make crash`: walk the host's fail points over a program that uses every durable feature. Exit status 1 when an end differs."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from tests.devkit.host.crash.walk import Outcome, Step, Undisturbed, undisturbed, walk

PROGRAM = "python -m tests.devkit.host.crash"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Kill the local host at each of its fail points.")
    parser.add_argument("--tenth", metavar="N", help="walk every tenth point, from the Nth on (0 to 9; 'now': another one each minute)")
    parser.add_argument("--only", metavar="POINT:TIME", help="walk this one")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the folders of the runs that came to another end")
    return parser.parse_args()


def chosen(given: argparse.Namespace, wanted: Undisturbed) -> list[Step]:
    steps = wanted.steps()
    if given.only:
        point, _, number = given.only.partition(":")
        return [Step(point, int(number or 1))]
    if given.tenth is None:
        return steps
    tenth = int(time.time()) // 60 % 10 if given.tenth == "now" else int(given.tenth)
    print(f"Every tenth of {len(steps)} points, from number {tenth} on; again: {PROGRAM} --tenth {tenth}")
    return steps[tenth::10]


def table(wanted: Undisturbed, outcomes: list[Outcome]) -> Table:
    shown = Table(Column("point", no_wrap=True), title="Killed at each point, and started again")
    for column in ("reached undisturbed", "kills", "not reached again", "other end"):
        shown.add_column(column, justify="right")
    kills = Counter(each.step.point for each in outcomes if each.reached)
    missed = Counter(each.step.point for each in outcomes if not each.reached)
    wrong = Counter(each.step.point for each in outcomes if each.trouble)
    for point in sorted({each.step.point for each in outcomes}):
        shown.add_row(point, *(str(count[point]) for count in (wanted.points, kills, missed, wrong)))
    shown.add_section()
    shown.add_row("all", *(str(count.total()) for count in (wanted.points, kills, missed, wrong)))
    return shown


def main() -> int:
    given = arguments()
    began = time.monotonic()
    wanted = undisturbed()
    outcomes = []
    for outcome in walk(chosen(given, wanted), wanted, given.keep):
        outcomes.append(outcome)
        if outcome.trouble:
            print(f"{outcome.step}: comes to another end\n{outcome.trouble}", flush=True)
    Console(width=100).print(table(wanted, outcomes))
    wrong = sum(bool(each.trouble) for each in outcomes)
    print(f"{len(outcomes)} runs in {time.monotonic() - began:.0f} s: {wrong or 'none'} came to another end than the undisturbed one.")
    return 1 if wrong or not any(each.reached for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
