"""Waiting for what other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.05  # seconds between two looks
WITHIN = 30.0  # seconds; a deadline for what would never come, not a measure of what does


def eventually(ask: Callable[[], T], until: Callable[[T], object], *, within: float = WITHIN, pause: float = PAUSE) -> T:
    """The first answer for which `until` holds; an AssertionError with the last one when none comes in time."""
    deadline = time.monotonic() + within
    while not until(answer := ask()):
        assert time.monotonic() < deadline, f"not within {within:g} s; the last answer is {answer!r}"
        time.sleep(pause)
    return answer
