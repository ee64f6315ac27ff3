"""The state folder: where everything lies, and what is made in it at the first start and kept from then on.

    lock  ports.json  secrets.json  endpoints.json  local.settings.json
    tls/          the authority, the certificate; tls/registries is what skopeo's --src-cert-dir and --dest-cert-dir want
    clouds/       NAME.json, a cloud's settings, and NAME/, its state
    host/         host.db, keys.json
    logs/         NAME.log, host.log

Folders are their owner's alone, and so is each file with a secret in it."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from devkit.host.keys import Keys
from devkit.local.clouds import CLOUDS, PERSON, PULL_TOKEN, SOURCE, TARGETS
from devkit.local.files import private_folder, read_object, write_private
from devkit.local.ports import Ports
from devkit.local.problem import Problem
from devkit.tls import TlsFiles, make_authority

SECRETS = (
    *(f"{cloud.name}/{name}" for cloud in CLOUDS for name in (PERSON, "control-key")),
    f"{SOURCE.name}/{PULL_TOKEN}",
    *(f"{target.name}/client-secret" for target in TARGETS),
)


@dataclass(frozen=True, slots=True)
class Layout:
    folder: Path
    ports: Ports
    tls: TlsFiles
    secrets: Mapping[str, str]  # by the names of `SECRETS`
    host_keys: Mapping[str, str]  # as the host keeps them

    @classmethod
    def make(cls, folder: Path, first_ports: Ports) -> Self:
        """What is missing is made. Raises `Problem`."""
        for name in ("", "tls", "tls/registries", "clouds", "host", "logs"):
            private_folder(folder / name)
        tls = make_authority(folder / "tls")
        shutil.copyfile(tls.ca, folder / "tls" / "registries" / "ca.crt")
        Keys.load(folder / "host", enforced=True)  # made before the host runs: a subscription carries one of them
        return cls(
            folder=folder,
            ports=Ports.kept(folder / "ports.json", first_ports),
            tls=tls,
            secrets=_kept_secrets(folder / "secrets.json"),
            host_keys=json.loads((folder / "host" / "keys.json").read_text()),
        )

    @property
    def ports_file(self) -> Path:
        return self.folder / "ports.json"

    @property
    def certificates(self) -> Path:
        return self.folder / "tls" / "registries"

    @property
    def app_settings(self) -> Path:
        return self.folder / "local.settings.json"

    @property
    def host(self) -> Path:
        return self.folder / "host"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


class StateLock:
    """One stack for one state folder; it goes with the process."""

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        (folder / "lock").touch(mode=0o600)
        self._file = (folder / "lock").open("r+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._file.read().strip()
            self._file.close()
            raise Problem(
                f"The state folder {folder} is in use by another 'make up' or 'make demo' (process {holder}): press Ctrl-C there first."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def empty(folder: Path) -> None:
    """Remove what an earlier stack left in `folder`; the lock, which the caller holds, stays. Raises `Problem` rather than remove
    anything else."""
    found = [path for path in folder.iterdir() if path.name != "lock"]
    if found and not (folder / "ports.json").exists():
        raise Problem(f"{folder} holds files, and not those of a local stack: name another folder with --state.")
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _kept_secrets(file: Path) -> dict[str, str]:
    known = {name: str(value) for name, value in read_object(file).items()}
    if missing := [name for name in SECRETS if name not in known]:
        known |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(file, known)
    return known
