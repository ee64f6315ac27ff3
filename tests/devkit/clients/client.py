"""A client that nobody here wrote, as the tests drive it: a program with a home folder of its own.

It trusts the tests' certificate authority by SSL_CERT_FILE, as any Go program does, and finds passwords in the file in which `docker login`
keeps them: no password is ever an argument."""

import base64
import json
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from devkit.tools import tool
from tests.devkit.clients.images import Image
from tests.devkit.process import PATIENCE


class Failed(Exception):
    """The program ended with an error; holds what it printed."""


class Client(ABC):
    """References are `SERVER/REPOSITORY:TAG` or `SERVER/REPOSITORY@DIGEST`. Making one raises `Missing`, each method `Failed`."""

    program: ClassVar[str]
    lacks: ClassVar[Mapping[str, str]]  # verbs of `table.py` that it does not have, with the reason
    ways: ClassVar[Mapping[str, str]]  # how it does what others do otherwise

    def __init__(self, home: Path, ca: Path) -> None:
        home.mkdir(exist_ok=True)
        self._home = home
        self._program = self.located()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "SSL_CERT_FILE": str(ca),
            "DOCKER_CONFIG": str(home),
            "NO_PROXY": "localhost,127.0.0.1",
        }
        self._made = 0

    def sign_in(self, passwords: Mapping[str, tuple[str, str]]) -> None:
        """By the file of `docker login`: user and password by server; who is not named is forgotten."""
        encoded = {server: base64.b64encode(":".join(one).encode()).decode() for server, one in passwords.items()}
        file = self._home / "config.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {server: {"auth": one} for server, one in encoded.items()}}))

    @abstractmethod
    def login(self, server: str, user: str, password: str) -> None:
        """By the program itself, the password on standard input."""

    @abstractmethod
    def push(self, image: Image, reference: str) -> None: ...

    @abstractmethod
    def pull(self, reference: str, image: Image) -> dict[str, bytes]:
        """All that came, by digest; `image` is what is expected."""

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """With all platforms."""

    @abstractmethod
    def tags(self, repository: str) -> list[str]: ...

    @abstractmethod
    def delete(self, reference: str) -> None: ...

    @abstractmethod
    def delete_tag(self, reference: str) -> None: ...

    def attach(self, subject: str, artifact_type: str, content: bytes) -> None:
        raise NotImplementedError

    def referrers(self, subject: str) -> list[str]:
        """Digests."""
        raise NotImplementedError

    def copy_with_referrers(self, source: str, target: str) -> None:
        raise NotImplementedError

    def run(self, *arguments: str, given: bytes = b"") -> str:
        ended = subprocess.run(
            [self._program, *arguments],
            input=given,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            env=self._environment,
            cwd=self._home,
        )
        if ended.returncode:
            raise Failed((ended.stdout + ended.stderr).decode())
        return ended.stdout.decode()

    def new_folder(self) -> Path:
        """Not yet made."""
        self._made += 1
        return self._home / f"folder-{self._made}"

    @classmethod
    def located(cls) -> Path:
        """Raises `Missing`."""
        return tool(cls.program)
