"""The registries side by side on this machine: the local cloud's, Debian's docker-registry, olareg. Each over TLS with one certificate, its
files in a folder of its own; the local cloud's alone asks for a password and hashes what it is told in Python."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devkit.local.ports import free_ports
from devkit.local.single import single_cloud
from devkit.tls import TlsFiles, make_authority
from devkit.tools import BIN

SERVES_WITHIN = 20.0  # seconds


class NotThere(Exception):
    """A registry that is not installed; says how it would be."""


@dataclass(frozen=True, slots=True)
class Registry:
    port: int
    ca: Path
    pid: int
    headers: Mapping[str, str]

    def peak(self) -> float:
        """MiB: the most resident memory since `forget_peak`. Linux."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # proc(5)


@contextmanager
def local_cloud(folder: Path) -> Iterator[Registry]:
    with single_cloud(folder) as cloud:
        assert cloud.process.pid is not None
        basic = base64.b64encode(f"{cloud.user}:{cloud.password}".encode()).decode()
        port = int(cloud.login_server.rpartition(":")[2])
        yield Registry(port, cloud.tls.ca, cloud.process.pid, {"Authorization": f"Basic {basic}"})


@contextmanager
def docker_registry(folder: Path) -> Iterator[Registry]:
    """With the configuration of its documentation, without a cache."""
    program = _program("docker-registry", "apt-get install docker-registry")
    tls, port = make_authority(folder / "tls"), free_ports(1)[0]
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": f"127.0.0.1:{port}", "tls": {"certificate": str(tls.certificate), "key": str(tls.key)}},
    }
    file = folder / "config.yml"
    file.write_text(json.dumps(config))  # YAML reads JSON
    with _running([program, "serve", str(file)], folder, port, tls) as registry:
        yield registry


@contextmanager
def olareg(folder: Path) -> Iterator[Registry]:
    program = _program("olareg", "go install github.com/olareg/olareg/cmd/olareg@v0.1.2")
    tls, port = make_authority(folder / "tls"), free_ports(1)[0]
    options = ["--addr", "127.0.0.1", "--port", str(port), "--dir", str(folder / "storage")]
    with _running(
        [program, "serve", *options, "--tls-cert", str(tls.certificate), "--tls-key", str(tls.key)], folder, port, tls
    ) as registry:
        yield registry


def _program(name: str, how: str) -> str:
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise NotThere(f"{name} is not installed: {how}")
    return found


@contextmanager
def _running(command: list[str], folder: Path, port: int, tls: TlsFiles) -> Iterator[Registry]:
    (folder / "storage").mkdir()
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as process:
        try:
            _wait_for(port, process)
            yield Registry(port, tls.ca, process.pid, {})
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVES_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise NotThere(f"{process.args!r} does not serve port {port}")
