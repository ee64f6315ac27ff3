"""One process of the stack: started until it says that it is ready, stopped, killed, started again."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from devkit.local.files import write_private
from devkit.local.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 60.0  # seconds; a cold file cache and two busy cores need ten
STOPPED_WITHIN = 10.0
# What a process keeps of the environment that `make` was called in. An app setting, a proxy or an SDK's switch of somebody's shell would
# make the stack behave differently there.
KEPT = {"PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"} | {
    "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"
}  # fmt: skip


class Child:
    """`settings` is what the process reads from `file`, `environment` what it has beside: change them and start the process again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        file: Path,
        settings: dict[str, Any],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.log = log
        self._command = command
        self._file = file
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._log_began = 0

    def start(self) -> None:
        """Returns once the process serves. Raises `Problem`."""
        self.begin()
        self.wait_ready()

    def begin(self) -> None:
        """Starts it and does not wait. A session of its own: a Ctrl-C at the terminal reaches the parent alone, which stops it."""
        assert self._process is None, f"{self.name} runs already"
        write_private(self._file, self.settings)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self._log_began = log.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devkit.local.leash", *self._command],
                cwd=ROOT,
                env={**kept_environment(), **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )

    def wait_ready(self) -> None:
        """Reads the line `{"ready": ...}` (docs/decisions.md, 1.1 and 1.3). Raises `Problem` with what the log says."""
        output = self.output
        if not _readable([output], READY_WITHIN):
            self.kill()
            raise Problem(f"{self._subject} was not ready within {READY_WITHIN:g} seconds{self._last_lines()}")
        line = output.readline()
        if not line:
            self._ended()
            raise Problem(f"{self._subject} did not start{self._last_lines()}")
        assert "ready" in json.loads(line), line

    @property
    def output(self) -> IO[bytes]:
        """Its standard output: nothing comes after the ready line but the end, when the process is gone."""
        assert self._process is not None and self._process.stdout is not None, f"{self.name} does not run"
        return self._process.stdout

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        """As `kill -9` does."""
        self._signal(signal.SIGKILL)
        self._ended()

    def stop(self) -> None:
        """Asks it to end, and kills what does not within ten seconds. Harmless when it does not run."""
        self.ask_to_stop()
        self.wait_stopped()

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def wait_stopped(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOPPED_WITHIN)
        self.kill()

    def restart(self) -> None:
        """Kill and start: what goes on afterwards is what was kept."""
        self.kill()
        self.start()

    def has_died(self) -> bool:
        """Whether it ended, or is about to, without having been asked to: its output ends before its connections do."""
        return self._process is not None and bool(_readable([self.output], 0))

    def end(self) -> Problem:
        """Waits until it has ended, and tells how."""
        assert self._process is not None, f"{self.name} does not run"
        return Problem(f"{self._subject} ended by itself with {_how(self._process.wait())}{self._last_lines()}")

    @property
    def _subject(self) -> str:
        return self.name[0].upper() + self.name[1:]

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)  # does nothing once the process is known to have ended

    def _ended(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

    def _last_lines(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_began)
            lines = log.read().decode(errors="replace").splitlines()[-12:]
        return ": " + "\n  ".join(["the last lines of " + str(self.log), *lines]) if lines else f": {self.log} is empty."


def kept_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("LC_")}


def first_to_end(children: Iterable[Child]) -> Child:
    """Blocks until one of them is gone."""
    of = {child.output: child for child in children}
    return of[_readable(of, None)[0]]


def _readable(pipes: Iterable[IO[bytes]], seconds: float | None) -> list[Any]:
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(seconds)]


def _how(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
