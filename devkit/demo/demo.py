"""`make demo`: the real app on the local host between three local clouds, from the first push to the judge's word."""

import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from devkit.demo.appstatus import AppStatus
from devkit.demo.inventory import strays
from devkit.demo.judge import judge
from devkit.demo.push import Pusher
from devkit.demo.show import Progress, verdict_table
from devkit.demo.story import Change, Story
from devkit.demo.watch import Watch
from devkit.local.child import ROOT
from devkit.local.problem import Problem
from devkit.local.stack import Stack

DEADLINE = 120.0  # seconds for everything that was done to arrive
IMPORT_LATENCY = 1.0  # seconds: what ARM takes at least, and long enough to be seen
PAUSE = 0.2  # seconds between two looks at the app


def demo(folder: Path, *, app: Path = ROOT, deadline: float = DEADLINE, console: Console | None = None) -> int:
    """0 when source and targets hold the same, 1 when they differ or something did not arrive. Raises `Problem`."""
    console = console or wide_console()
    stack = Stack(folder, app=app, afresh=True)
    for target in stack.endpoints.targets:
        stack.clouds[target.name].settings["imports"]["latencySeconds"] = IMPORT_LATENCY
    console.print(
        f"Starting {', '.join(stack.clouds)} and the app; logs are in {stack.endpoints.state / 'logs'}.", soft_wrap=True, markup=False
    )
    with stack:
        return tell(stack, console, deadline)


def tell(stack: Stack, console: Console, deadline: float) -> int:
    endpoints = stack.endpoints
    names = [target.name for target in endpoints.targets]
    with Pusher(endpoints.source, endpoints.ca) as pusher:
        story = Story(pusher)
        watch = Watch(AppStatus(endpoints.app), names)
        with Progress(console, names) as progress:
            follow = Follower(stack, watch, progress, deadline)
            arrived = follow.all_of(story.publish()) and follow.all_of(story.change())
        complaints = [*watch.failures(), *([] if arrived else watch.late())]
        verdicts = judge(endpoints.registries, endpoints.ca, story.expected())
        listing = strays(endpoints.registries, endpoints.ca, verdicts)
    console.print(verdict_table(verdicts))
    complaints += [difference for verdict in verdicts for difference in verdict.differences()]
    complaints += listing
    if not complaints:
        console.print(f"The source, {' and '.join(names)} hold the same, bit for bit.", style="green", highlight=False)
        return 0
    for complaint in complaints:
        console.print(complaint, soft_wrap=True, markup=False, highlight=False)
    console.print(f"The logs are in {endpoints.state / 'logs'}.", soft_wrap=True, markup=False)
    return 1


class Follower:
    """Looks and shows until everything has arrived and settled, a process dies or time is up."""

    def __init__(self, stack: Stack, watch: Watch, progress: Progress, deadline: float) -> None:
        self._stack = stack
        self._watch = watch
        self._progress = progress
        self._ends = time.monotonic() + deadline

    def all_of(self, changes: Iterator[Change]) -> bool:
        """Makes the changes, then looks until their runs have ended; False when time is up. Raises `Problem`, and where a process has died,
        that is what it says."""
        try:
            for change in changes:
                self._watch.add(change)
                self._look()
        except Problem as problem:
            raise self._stack.died() or problem from None
        while not self._watch.all_ended():
            if time.monotonic() > self._ends:
                return False
            time.sleep(PAUSE)
            self._look()
        return True

    def _look(self) -> None:
        if problem := self._stack.died():
            raise problem
        self._watch.look()
        self._progress.show(self._watch.rows)


def wide_console() -> Console:
    """Wide enough for a line of the tables where there is no terminal to ask."""
    console = Console()
    return console if console.is_terminal else Console(width=140)
