"""The whole of it, running: three clouds, then the host with the app.

    with Stack(folder) as stack:
        stack.host.kill()
        stack.app_settings["ChinaClientSecret"] = "wrong"
        stack.host.start()

The folder may hold an earlier stack's state: it goes on. Ports are free ones unless told otherwise; settings may be changed before
`start`, or later and the process started again. When the process that holds the stack ends, however it ends, so do all of its children."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from devkit.local.app_settings import SHORT_PAUSES, app_settings
from devkit.local.child import ROOT, Child, first_to_end
from devkit.local.cloud_settings import cloud_settings
from devkit.local.clouds import CLOUDS, CloudFacts
from devkit.local.endpoints import Endpoints
from devkit.local.files import write_private
from devkit.local.layout import Layout, StateLock, empty
from devkit.local.ports import Ports
from devkit.local.problem import Problem


class Stack:
    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        pauses: Mapping[str, str] = SHORT_PAUSES,
        settings: Mapping[str, str] | None = None,
        app: Path = ROOT,
        afresh: bool = False,
    ) -> None:
        """`ports` count when `folder` holds none yet; `settings` overrides some of the app's; `app` is the folder of function_app.py;
        `afresh` forgets what an earlier stack left in `folder`. Raises `Problem`."""
        folder = folder.resolve()
        self._lock = StateLock(folder)
        try:
            if afresh:
                empty(folder)
            self._layout = Layout.make(folder, ports or Ports.free())
        except BaseException:
            self._lock.release()
            raise
        self.endpoints = Endpoints.of(self._layout)
        self.clouds = {facts.name: self._cloud(facts) for facts in CLOUDS}
        self.app_settings = {**app_settings(self._layout, pauses), **(settings or {})}
        self.host = self._host(app)

    @property
    def secrets(self) -> Mapping[str, str]:
        """Each secret that somebody is given, by a name to call it by. Not the keys that sign, which stay where they were made."""
        keys = {f"host/{name}": key for name, key in self._layout.host_keys.items()}
        return {**self._layout.secrets, **keys}

    @property
    def ports(self) -> Ports:
        return self._layout.ports

    def start(self) -> None:
        """Returns once everything serves; nothing is left running if something does not. Raises `Problem`."""
        try:
            self.ports.require_free(self._layout.ports_file)
            for cloud in self.clouds.values():
                cloud.begin()
            for cloud in self.clouds.values():
                cloud.wait_ready()
            self.host.start()
        except BaseException:
            self.stop()
            raise
        write_private(self._layout.folder / "endpoints.json", self.endpoints.to_json())

    def stop(self) -> None:
        """The host first, so that it finds no cloud gone; then the clouds, all at once. The stack is not to be used afterwards."""
        self.host.stop()
        for cloud in self.clouds.values():
            cloud.ask_to_stop()
        for cloud in self.clouds.values():
            cloud.wait_stopped()
        self._lock.release()

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
    def _children(self) -> list[Child]:
        return [*self.clouds.values(), self.host]

    def _cloud(self, facts: CloudFacts) -> Child:
        file = self._layout.folder / "clouds" / f"{facts.name}.json"
        return Child(
            f"the cloud {facts.name}",
            ["devkit.cloud", str(file)],
            file=file,
            settings=cloud_settings(facts, self._layout),
            log=self._layout.log(facts.name),
        )

    def _host(self, app: Path) -> Child:
        """OpenSSL reads SSL_CERT_FILE before the app's settings are in force, hence the environment. Proxies are for other hosts."""
        layout = self._layout
        places = ["--app", str(app), "--settings", str(layout.app_settings), "--state", str(layout.host)]
        return Child(
            "the host",
            ["devkit.host", *places, "--port", str(self.ports.app), "--enforce-keys"],
            file=layout.app_settings,
            settings={"IsEncrypted": False, "Values": self.app_settings},
            log=layout.log("host"),
            environment={"SSL_CERT_FILE": str(layout.tls.ca), "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"},
        )
