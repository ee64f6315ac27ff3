"""The state folder: where everything lies, and what is made in it at the first start and kept from then on.

    lock  ports.json  secrets.json  endpoints.json  local.settings.json  auth.json  curl.headers  control-NAME.headers
                  ports.json comes first and goes last: it tells a stack's folder from any other, as secrets.json does
    tls/          the authority, the certificate; tls/registries is what skopeo's --src-cert-dir and --dest-cert-dir want
    clouds/       NAME.json, a cloud's settings, and NAME/, its state
    host/         host.db, keys.json; ledger.db, the app's own
    logs/         NAME.log, host.log

Folders are their owner's alone, and so is each file with a secret in it."""

import fcntl
import os
import secrets
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from devkit.host.keys import Keys
from devkit.host.problem import Problem as HostProblem
from devkit.local.clouds import PERSON, PULL_TOKEN, CloudFacts, clouds_of
from devkit.local.files import UNFINISHED, private_folder, read_object, unusable, write_private
from devkit.local.ports import Ports
from devkit.local.problem import Problem
from devkit.tls import TlsFiles, make_authority

LOCK, PORTS, KEPT_SECRETS = "lock", "ports.json", "secrets.json"


@dataclass(frozen=True, slots=True)
class Layout:
    folder: Path
    ports: Ports
    tls: TlsFiles
    secrets: Mapping[str, str]  # by the names of `_secret_names`
    host_keys: Mapping[str, str]  # as the host keeps them

    @classmethod
    def make(cls, folder: Path, targets: int | None = None, *, fixed_ports: bool = False, hosted: bool = True) -> Self:
        """What is missing is made, for as many targets as there were unless more are wanted. The options are those of `Ports.kept`. Raises
        `Problem`."""
        private_folder(folder)
        ports = Ports.kept(folder / PORTS, targets, fixed=fixed_ports, hosted=hosted)
        for name in ("tls", "tls/registries", "clouds", "host", "logs"):
            private_folder(folder / name)
        tls = make_authority(folder / "tls")
        shutil.copyfile(tls.ca, folder / "tls" / "registries" / "ca.crt")
        kept = _kept_secrets(folder / KEPT_SECRETS, _secret_names(clouds_of(ports.targets)))
        return cls(folder, ports, tls, secrets=kept, host_keys=_kept_keys(folder / "host"))

    @property
    def clouds(self) -> tuple[CloudFacts, ...]:
        """The source first."""
        return clouds_of(self.ports.targets)

    @property
    def targets(self) -> tuple[CloudFacts, ...]:
        return self.clouds[1:]

    @property
    def ports_file(self) -> Path:
        return self.folder / PORTS

    @property
    def certificates(self) -> Path:
        return self.folder / "tls" / "registries"

    @property
    def app_settings(self) -> Path:
        return self.folder / "local.settings.json"

    @property
    def host(self) -> Path:
        return self.folder / "host"

    @property
    def ledger(self) -> Path:
        return self.host.absolute() / "ledger.db"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


class StateLock:
    """One stack for one state folder; it goes with the process."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder if need be. Raises `Problem`, and has not touched a folder then that is not a stack's."""
        _require_ours(folder)
        private_folder(folder)
        try:
            self._file = os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        except OSError as error:
            raise unusable(folder, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._file.read().strip()
            self._file.close()
            raise Problem(
                f"The state folder {folder} is in use by another 'make up', 'make clouds' or 'make demo' (process {holder}):"
                f" press Ctrl-C there, or run 'kill {holder}', first."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def empty(folder: Path) -> None:
    """Remove what an earlier stack left in `folder`. The lock stays: the caller holds it, and gets none for another folder."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == PORTS):  # last: a removal that is cut short can be repeated
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _require_ours(folder: Path) -> None:
    """That it is missing, empty or a stack's: one holds nothing but its lock until ports.json is there."""
    try:
        found = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(folder, error) from None
    if not found & {PORTS, KEPT_SECRETS} and found - {LOCK, PORTS + UNFINISHED}:
        raise Problem(
            f"{folder} holds files, and not those of a local stack: move them away, or remove them if nobody needs them"
            f" ('rm -r {shlex.quote(str(folder))}'), or name another folder: 'python -m devkit' takes --state."
        )


def _kept_keys(folder: Path) -> dict[str, str]:
    """Made before the host runs: a subscription carries one of them."""
    try:
        return dict(Keys.load(folder, enforced=True).values)
    except HostProblem as problem:
        raise Problem(str(problem)) from None


def _secret_names(clouds: Sequence[CloudFacts]) -> list[str]:
    source, *targets = clouds
    names = [f"{cloud.name}/{name}" for cloud in clouds for name in (PERSON, "control-key")]
    return [*names, f"{source.name}/{PULL_TOKEN}", *(f"{target.name}/client-secret" for target in targets)]


def _kept_secrets(file: Path, names: Sequence[str]) -> dict[str, str]:
    known = {name: str(value) for name, value in read_object(file).items()}
    if missing := [name for name in names if name not in known]:
        known |= {name: secrets.token_urlsafe(32) for name in missing}
        write_private(file, known)
    return known
