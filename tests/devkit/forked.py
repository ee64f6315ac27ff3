"""Processes of the devkit that start at once: children of one that has imported everything already.

What they do, and how they end, is their own. An app's settings count when libraries are imported, so a host whose settings those read
is begun as a command; that a cloud starts as a command of its own, the stack's tests see."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from subprocess import TimeoutExpired
from threading import Lock
from typing import IO

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["devkit.cloud.__main__", "devkit.host.__main__", "devkit.host.run", "azure.durable_functions", "tests.devkit.forked"]
)
LOCK = Lock()  # beginning one child asks how the others do, and an exit status can be read but once


def live(module: str, arguments: list[str], environment: Mapping[str, str], ready: Connection, log: Path) -> None:
    """The child's whole life: `python -m MODULE`."""
    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.dup2(ready.fileno(), 1)
    ready.close()
    sys.argv = [module, *arguments]
    sys.exit(import_module(f"{module}.__main__").main())


class Forked:
    """As `subprocess.Popen` has it, as far as the tests use that."""

    def __init__(self, module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        ours, theirs = CONTEXT.Pipe(duplex=False)
        given = (module, list(arguments), dict(environment or {}), theirs, log)
        self._process: ForkServerProcess = CONTEXT.Process(target=live, args=given, daemon=True)
        with LOCK:
            self._process.start()
        theirs.close()
        with ours:
            self.stdout: IO[bytes] = os.fdopen(os.dup(ours.fileno()), "rb", buffering=0)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        with LOCK:
            return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Raises `TimeoutExpired`."""
        wait([self._process.sentinel], timeout)
        if (status := self.poll()) is None:
            raise TimeoutExpired(self._process.name, timeout)
        return status

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()
