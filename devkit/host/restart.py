"""A changed settings file restarts the app, as the platform does when an app setting is changed.

The process is replaced by a new one with the same arguments and the environment it was started with: settings are read when libraries are
imported, so an app can be given others only by a start."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devkit.host.problem import Problem
from devkit.host.settings import app_settings, unread

log = logging.getLogger("devkit.host")
LOOK_EVERY = 0.5  # seconds
PORT = "DEVKIT_HOST_PORT"  # in the environment of a process that replaces one: where that listened, as its supervisor has been told


@dataclass(frozen=True, slots=True)
class Start:
    """How this process was started."""

    folder: Path
    environment: Mapping[str, str]
    settings: Path
    values: Mapping[str, str]  # what `settings` said
    stamp: tuple[int, int] | None

    @classmethod
    def now(cls, settings: Path) -> "Start":
        """Before anything of it is changed. Raises `Problem`."""
        stamp = _stamp(settings)
        values = app_settings(settings)
        if sections := unread(settings):
            log.warning("%s in %s is left out: for a port there is --port", " and ".join(sections), settings)
        return cls(Path.cwd(), dict(os.environ), settings, values, stamp)

    async def outdated(self) -> None:
        """Returns once the file holds other settings than at the start. One that is broken is told of, and changes nothing."""
        seen = self.stamp
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if (stamp := _stamp(self.settings)) == seen:
                continue
            seen = stamp
            try:
                if app_settings(self.settings) != self.values:
                    return
            except Problem as problem:
                log.error("%s The app goes on with its earlier settings.", problem)

    def again(self, port: int) -> None:
        """Replaces the process, which listened on `port`; whatever it still does ends as by a kill."""
        log.warning("%s has changed: the host starts again", self.settings)
        logging.shutdown()
        os.chdir(self.folder)
        os.execve(sys.executable, sys.orig_argv, {**self.environment, PORT: str(port)})  # noqa: S606 - our own command line


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
