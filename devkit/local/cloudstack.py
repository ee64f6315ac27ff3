"""The clouds of a stack, running without a host: what `make clouds` runs, and what a whole stack is made of.

The folder may hold an earlier stack's state: it goes on. When the process that holds the clouds ends, however it ends, so do they."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from devkit.local.app_settings import SHORT_PAUSES, app_settings
from devkit.local.child import Child, first_to_end
from devkit.local.cloud_settings import cloud_settings, event_endpoint
from devkit.local.clouds import CloudFacts
from devkit.local.endpoints import Endpoints
from devkit.local.files import write_private
from devkit.local.layout import Layout, StateLock, empty
from devkit.local.ports import Ports
from devkit.local.problem import Problem


class CloudStack:
    hosted: ClassVar[bool] = False  # whether the app runs here too; if not, its port is somebody else's

    def __init__(
        self,
        folder: Path,
        *,
        targets: int | None = None,
        fixed_ports: bool = False,
        pauses: Mapping[str, str] = SHORT_PAUSES,
        afresh: bool = False,
    ) -> None:
        """`targets`: 1 to 8; by default as many as `folder` holds, or two. `fixed_ports`: rather those that people remember than free ones,
        where `folder` holds none yet. `afresh` forgets what an earlier stack left in `folder`. Raises `Problem`."""
        folder = folder.resolve()
        self._lock = StateLock(folder)
        try:
            if afresh:
                empty(folder)
            self._layout = Layout.make(folder, targets, fixed_ports=fixed_ports, hosted=self.hosted)
        except BaseException:
            self._lock.release()
            raise
        self.endpoints = Endpoints.of(self._layout)
        self.clouds = {facts.name: self._cloud(facts) for facts in self._layout.clouds}
        self.app_settings = app_settings(self._layout, pauses)

    @property
    def ports(self) -> Ports:
        return self._layout.ports

    @property
    def ports_file(self) -> Path:
        return self._layout.ports_file

    @property
    def settings_file(self) -> Path:
        """The app's, in the form of `local.settings.json`; there once the stack has started."""
        return self._layout.app_settings

    def start(self) -> None:
        """Returns once everything serves; nothing is left running if something does not. Raises `Problem`."""
        try:
            self.ports.require_free(self.ports_file, hosted=self.hosted)
            for cloud in self.clouds.values():
                cloud.begin()
            for cloud in self.clouds.values():
                cloud.wait_ready()
            self._finish()
        except BaseException:
            self.stop()
            raise
        write_private(self._layout.folder / "endpoints.json", self.to_json())

    def stop(self) -> None:
        """The clouds all at once. The stack is not to be used afterwards."""
        for cloud in self.clouds.values():
            cloud.ask_to_stop()
        for cloud in self.clouds.values():
            cloud.wait_stopped()
        self._lock.release()

    def to_json(self) -> dict[str, Any]:
        """What a program needs to use it."""
        return {"settings": str(self.settings_file), **self.endpoints.clouds_json()}

    def died(self) -> Problem | None:
        """Which of the processes ended by itself, and what it said last."""
        return next((child.end() for child in self._children if child.has_died()), None)

    def wait(self) -> Problem:
        """Blocks until one of them ends by itself."""
        return first_to_end(self._children).end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def _children(self) -> Sequence[Child]:
        return [*self.clouds.values()]

    def _finish(self) -> None:
        """What comes once the clouds serve: the app's settings, for whoever runs it."""
        write_private(self.settings_file, {"IsEncrypted": False, "Values": self.app_settings})

    def _cloud(self, facts: CloudFacts) -> Child:
        file = self._layout.folder / "clouds" / f"{facts.name}.json"
        events_to = event_endpoint(self._layout, self._layout.host_keys["eventgrid_extension"] if self.hosted else None)
        return Child(
            f"the cloud {facts.name}",
            ["devkit.cloud", str(file)],
            file=file,
            settings=cloud_settings(facts, self._layout, events_to),
            log=self._layout.log(facts.name),
            environment={"SSL_CERT_FILE": str(self._layout.tls.ca)},  # aiohttp reads it: a whole machine's cost a seventh of a start
        )
