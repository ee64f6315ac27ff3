"""A part of the devkit as a process of its own: begun, ready by the line that it prints, killed or stopped."""

import json
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.devkit.forked import Forked

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds: what must come is waited for so long; never a measure of anything
ENDS_WITHIN = 10.0  # seconds


def begin(module: str, *arguments: str, log: Path, prepare: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    """`prepare` is called in the new process before it becomes the module's."""
    command = [sys.executable, "-m", module, *arguments]
    with log.open("ab") as file:
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=file, preexec_fn=prepare)  # noqa: PLW1509 - no threads


def ready_line(process: subprocess.Popen[bytes] | Forked, log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], PATIENCE)[0], f"no ready line within {PATIENCE:.0f} seconds"
    line = process.stdout.readline()
    assert line, log.read_text()
    ready: dict[str, Any] = json.loads(line)
    return ready


class Running:
    """What has a `process` while it runs."""

    process: subprocess.Popen[bytes] | Forked | None

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self.process is not None
        self.process.kill()
        self._ended()

    def stop(self) -> int:
        """By SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        assert self.process is not None and self.process.stdout is not None
        status = self.process.wait(ENDS_WITHIN)
        self.process.stdout.close()
        self.process = None
        return status
