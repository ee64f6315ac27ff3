"""`python -m devkit host ls|show|history|purge`."""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from devkit.host.clock import moment_of
from devkit.host.durable.file import reading
from devkit.host.durable.rows import STATUSES, Query
from devkit.host.durable.store import Store
from devkit.host.inspect import tables
from devkit.host.inspect.purge import purge
from devkit.host.problem import Problem

WIDTH = 160  # columns, where there is no terminal to ask


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devkit host", description="Look into the local host's database, while it runs or not.")
    commands = parser.add_subparsers(dest="command", required=True)
    ls = commands.add_parser("ls", help="list instances")
    ls.add_argument("--status", type=statuses, default=(), metavar="A,B", help=f"only these, of {', '.join(STATUSES)}")
    ls.add_argument("--prefix", default="", metavar="TEXT", help="only ids that begin so")
    ls.add_argument("--top", type=int, default=100, metavar="N", help="at most so many (default: 100)")
    show = commands.add_parser("show", help="one instance, or an entity (@name@key)")
    history = commands.add_parser("history", help="an instance's history")
    for command in (show, history):
        command.add_argument("id", metavar="ID")
        command.add_argument("--full", action="store_true", help="do not cut long values")
    purging = commands.add_parser("purge", help="remove instances with all that belongs to them")
    which = purging.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help="this one, even if it runs")
    which.add_argument("--ended-before", type=moment, metavar="TIME", help="what ended before: 2026-01-31T12:00 (UTC), or 12h or 7d ago")
    for command in commands.choices.values():
        command.add_argument("--state", type=Path, default=Path(".local"), metavar="DIR", help="its state folder (default: .local)")
    return parser.parse_args(given)


def statuses(text: str) -> tuple[str, ...]:
    known = {each.lower(): each for each in STATUSES}
    given = text.lower().split(",")
    if unknown := [each for each in given if each not in known]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(STATUSES)}")
    return tuple(known[each] for each in given)


def moment(text: str) -> datetime:
    if found := re.fullmatch(r"(\d+)([smhd])", text):
        return datetime.now(UTC) - int(found[1]) * timedelta(seconds={"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])
    try:
        return moment_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-01-31T12:00, 12h or 7d") from None


def database_of(state: Path) -> Path:
    """Of a stack's folder, or of a host's own. Raises `Problem`."""
    for folder in (state, state / "host"):
        if (folder / "host.db").exists():
            return folder / "host.db"
    raise Problem(f"There is no host.db in {state} or in {state / 'host'}: name the folder that the host was started with by --state.")


def run(given: argparse.Namespace, console: Console) -> None:
    path = database_of(given.state)
    if given.command == "purge":
        console.print(f"{purge(path, given.id, given.ended_before)} purged")
        return
    store = Store(path, reading(path))
    try:
        if given.command == "ls":
            tables.instances(console, store, Query(prefix=given.prefix, statuses=given.status, top=given.top))
        elif given.command == "show":
            tables.instance(console, store, given.id, full=given.full)
        else:
            tables.history(console, store, given.id, full=given.full)
    finally:
        store.close()


def main(given: Sequence[str]) -> int:
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=WIDTH)
    try:
        run(arguments(given), console)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0
