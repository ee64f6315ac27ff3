"""Hosts that may be told to die."""

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from select import select
from subprocess import TimeoutExpired
from typing import Self

from tests.devkit.forked import Forked
from tests.devkit.host.running import Host
from tests.devkit.process import ENDS_WITHIN, PATIENCE


@dataclass
class Victim(Host):
    """A host that may be told to kill itself (`environment`), which counts its `deaths`, and starts again without that."""

    environment: Mapping[str, str] = field(default_factory=dict)
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
        assert self.process is not None
        self.process.terminate()
        status = self._exit_status()
        assert status is not None, "it does not end"
        return status

    def give_up(self) -> None:
        if self.process is not None and self._exit_status(within=0) is None:
            self.process.kill()
            self._exit_status()

    def _exit_status(self, within: float = ENDS_WITHIN) -> int | None:
        """None while it lives."""
        assert self.process is not None
        try:
            return self.process.wait(within)
        except TimeoutExpired:
            return None

    def _begun(self) -> bool:
        self.process = forked = Forked("devkit.host", *self.arguments(), log=self.log, environment=self.environment)
        with forked.stdout:
            assert select([forked.stdout], [], [], PATIENCE)[0], "no ready line"
            line = forked.stdout.readline()
        if line:
            self.url = json.loads(line)["url"]
        return bool(line)
