"""Hosts that start at once: children of a process that has imported everything already. What they do, and how they end, is their own."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from threading import Lock
from typing import Self

from tests.devkit.host.running import Host
from tests.devkit.process import ENDS_WITHIN, PATIENCE

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["devkit.host.__main__", "devkit.host.run", "azure.durable_functions", "tests.devkit.host.crash.nursery"])

LOCK = Lock()  # beginning one child asks how the others do, and an exit status can be read but once


def live(arguments: list[str], environment: Mapping[str, str], ready: Connection, log: Path) -> None:
    """The child's whole life: `python -m devkit.host`."""
    from devkit.host.__main__ import main

    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.dup2(ready.fileno(), 1)
    ready.close()
    sys.argv = ["devkit.host", *arguments]
    sys.exit(main())


@dataclass
class Victim(Host):
    """A host that may be told to kill itself (`environment`), which counts its `deaths`, and starts again without that."""

    environment: Mapping[str, str] = field(default_factory=dict)
    child: ForkServerProcess | None = None
    deaths: int = 0

    def start(self) -> Self:
        while not self._begun():
            assert self.died(), self.log.read_text()
        return self

    def died(self) -> bool:
        """Whether it has been killed; the next one will live."""
        if self._exit_status() != -signal.SIGKILL:
            return False
        self.deaths += 1
        self.environment = {}
        return True

    def stop(self) -> int:
        assert self.child is not None
        self.child.terminate()
        status = self._exit_status()
        assert status is not None, "it does not end"
        return status

    def give_up(self) -> None:
        if self.child is not None and self._exit_status(within=0) is None:
            self.child.kill()
            self._exit_status()

    def _exit_status(self, within: float = ENDS_WITHIN) -> int | None:
        """None while it lives."""
        assert self.child is not None
        wait([self.child.sentinel], within)
        with LOCK:
            return self.child.exitcode

    def _begun(self) -> bool:
        ours, theirs = CONTEXT.Pipe(duplex=False)
        self.child = CONTEXT.Process(target=live, args=(self.arguments(), dict(self.environment), theirs, self.log))
        with LOCK:
            self.child.start()
        theirs.close()
        with ours, os.fdopen(os.dup(ours.fileno())) as lines:
            assert ours.poll(PATIENCE), "no ready line"
            line = lines.readline()
        if line:
            self.url = json.loads(line)["url"]
        return bool(line)
