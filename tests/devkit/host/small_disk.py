"""What a test needs of the machine to make a host's storage small, or forbidden."""

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.devkit.host.running import Host

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # prctl(2), capabilities(7)
SIZE = 4 << 20  # bytes


def without_privilege() -> None:
    """In a new process: file modes count for root too, once it has become another program."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


@dataclass(frozen=True)
class Disk:
    """`fill` leaves no room, `free` makes some; `complaint` is what the host says of it."""

    fill: Callable[[Host], None]
    free: Callable[[Host], None]
    complaint: str


@contextmanager
def small_disk(state: Path) -> Iterator[Disk]:
    """At `state`, a real one where this process may mount; else a limit for the size of each file that the host writes."""
    state.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(state)]
    mounted = shutil.which("mount") is not None and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if not mounted:
        yield Disk(lambda host: _limit(host, 1 << 16), lambda host: _limit(host, resource.RLIM_INFINITY), "look whether its disk is full")
        return
    ballast = state / "ballast"
    try:
        yield Disk(lambda _: _pour(ballast), lambda _: ballast.unlink(), f"The disk of {state / 'host.db'} is full: free some space there.")
    finally:
        subprocess.run(["umount", "--lazy", state], check=True)


def _pour(ballast: Path) -> None:
    try:
        with ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
    except OSError:
        """Full."""


def _limit(host: Host, size: int) -> None:
    if host.process is not None:  # a new one has no limit
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
