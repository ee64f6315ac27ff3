"""Who has a state folder: one host at a time. The lock goes with its process; its file says where that listens."""

import fcntl
from pathlib import Path
from typing import TextIO

from devkit.host.problem import Problem

LOCK = "host.lock"


def own(state: Path) -> TextIO:
    """The folder is made if need be; close what is returned to give it up. Raises `Problem`."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state / LOCK).open("a")
    except OSError as error:
        raise Problem(
            f"The state folder {state} cannot be written ({error.strerror}): make it writable for this user, or choose another"
            " with --state."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise Problem(f"Another host uses the state folder {state}: stop it, or choose another with --state.") from None
    lock.truncate(0)
    return lock


def say_where(lock: TextIO, url: str) -> None:
    lock.write(url)
    lock.flush()


def running_at(state: Path) -> str | None:
    """The URL of the host that has the folder; None when none has. Raises `Problem` for one that is not serving yet."""
    try:
        with (state / LOCK).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                url = lock.read()
                if not url:
                    raise Problem(f"The host of {state} is about to start: try again when it serves.") from None
                return url
    except FileNotFoundError:
        """Nobody ever had it."""
    return None
