"""The tests' running stack, without what listens there to everything that the app sends: that costs CPU."""

from pathlib import Path

from devkit.local.child import ROOT
from tests.e2e.running import Site


class Measured(Site):
    def __init__(self, folder: Path, targets: int | None = None, app: Path = ROOT, /, **pauses: str) -> None:
        super().__init__(folder, targets, app, **pauses)
        for name in self.notes.environment:
            del self.stack.host.environment[name]
