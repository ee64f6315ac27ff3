"""The whole of it, running: the clouds, then the host with the app.

    with Stack(folder, targets=3) as stack:
        stack.host.kill()
        stack.app_settings["ChinaClientSecret"] = "wrong"
        stack.host.start()

Settings may be changed before `start`, or later and the process started again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devkit.local.app_settings import SHORT_PAUSES
from devkit.local.child import ROOT, Child
from devkit.local.cloudstack import CloudStack


class Stack(CloudStack):
    hosted = True

    def __init__(
        self,
        folder: Path,
        *,
        targets: int | None = None,
        fixed_ports: bool = False,
        pauses: Mapping[str, str] = SHORT_PAUSES,
        settings: Mapping[str, str] | None = None,
        app: Path = ROOT,
        clock_scale: float = 1.0,
        unkind: Sequence[str] = (),
        afresh: bool = False,
    ) -> None:
        """`settings` overrides some of the app's; `app` is the folder of function_app.py; `clock_scale` is one factor for the clouds' time
        and the host's; `unkind` are the host's options --unkind and --seed. Raises `Problem`."""
        super().__init__(folder, targets=targets, fixed_ports=fixed_ports, pauses=pauses, afresh=afresh)
        self.app_settings |= settings or {}
        for cloud in self.clouds.values():
            cloud.settings["clockScale"] = clock_scale
        self.host = self._host(app, clock_scale, unkind)

    @property
    def secrets(self) -> Mapping[str, str]:
        """Each secret that somebody is given, by a name to call it by. Not the keys that sign, which stay where they were made."""
        keys = {f"host/{name}": key for name, key in self._layout.host_keys.items()}
        return {**self._layout.secrets, **keys}

    def stop(self) -> None:
        """The host first, so that it finds no cloud gone."""
        self.host.stop()
        super().stop()

    def to_json(self) -> dict[str, Any]:
        return self.endpoints.to_json()

    @property
    def _children(self) -> Sequence[Child]:
        return [*super()._children, self.host]

    def _finish(self) -> None:
        self.host.start()

    def _host(self, app: Path, clock_scale: float, unkind: Sequence[str]) -> Child:
        """OpenSSL reads SSL_CERT_FILE before the app's settings are in force, hence the environment. Proxies are for other hosts."""
        layout = self._layout
        places = ["--app", str(app), "--settings", str(layout.app_settings), "--state", str(layout.host)]
        return Child(
            "the host",
            ["devkit.host", *places, "--port", str(self.ports.app), "--enforce-keys", "--clock-scale", str(clock_scale), *unkind],
            file=layout.app_settings,
            settings={"IsEncrypted": False, "Values": self.app_settings},
            log=layout.log("host"),
            environment={"SSL_CERT_FILE": str(layout.tls.ca), "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"},
        )
