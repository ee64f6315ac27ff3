"""Named points at which the host can be killed, so that a test can walk all of them: before and after each commit and each call.

Off unless the environment of the process says otherwise; then `reach` is one comparison. A point is named `<what>.<when>`: `what` is a kind
of write or of function, `when` one of before_commit, in_commit (written, not yet committed), after_commit, before_call, after_call."""

import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from devkit.host.problem import Problem

FAIL_AT = "DEVKIT_HOST_FAIL_AT"  # "activity.after_call:3": the third time that this point is reached, the process is killed
NOTE_IN = "DEVKIT_HOST_NOTE_POINTS_IN"  # a file, to which the name of each point that is reached is appended


class Points(Protocol):
    def reached(self, name: str) -> None: ...


class Kill:
    def __init__(self, point: str) -> None:
        """Raises `Problem`."""
        self._name, _, number = point.partition(":")
        if not number.isdecimal() or int(number) < 1:
            raise Problem(f"{FAIL_AT} is {point!r}: write a point and which time it is reached, such as activity.after_call:3.")
        self._left = int(number)

    def reached(self, name: str) -> None:
        self._left -= name == self._name
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Note:
    def __init__(self, file: Path) -> None:
        self._file = file.open("a", buffering=1)

    def reached(self, name: str) -> None:
        self._file.write(f"{name}\n")


_points: Points | None = None


def arm(environment: Mapping[str, str]) -> None:
    """Once, at the start of the process. Raises `Problem`."""
    global _points  # noqa: PLW0603 - of the process, as its end is
    if point := environment.get(FAIL_AT):
        _points = Kill(point)
    elif file := environment.get(NOTE_IN):
        _points = Note(Path(file))


def reach(when: str, *whats: str) -> None:
    """Each of `whats` counts once: a commit holds several writes of a kind."""
    if _points is not None:
        for what in dict.fromkeys(whats):
            _points.reached(f"{what}.{when}")


def counted(file: Path) -> Counter[str]:
    """How often each point was reached, by what a process noted in `file`."""
    return Counter(file.read_text().split())
