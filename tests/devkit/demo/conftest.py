from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.demo.push import Pusher
from devkit.local.images import Image
from devkit.local.stack import Stack
from tests.devkit.local.running import write_app


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three real clouds, and an app that replicates nothing; tests keep apart by the names of their repositories."""
    app = write_app(tmp_path_factory.mktemp("app"))
    with Stack(tmp_path_factory.mktemp("stack"), app=app) as running:
        yield running


class Hands:
    """What a person could do to each registry."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def push(self, image: Image, repository: str, tag: str, *, to: str) -> None:
        with self.pusher(to) as pusher:
            pusher.push(image, repository, tag)

    def push_everywhere(self, image: Image, repository: str, tag: str) -> None:
        for registry in self.stack.endpoints.registries:
            self.push(image, repository, tag, to=registry.name)

    def delete(self, repository: str, digest: str, *, at: str) -> None:
        with self.pusher(at) as pusher:
            pusher.delete(repository, digest)

    def pusher(self, name: str, *, password: str | None = None) -> Pusher:
        registry = next(registry for registry in self.stack.endpoints.registries if registry.name == name)
        return Pusher(replace(registry, password=password or registry.password), self.stack.endpoints.ca)

    def blob_file(self, cloud: str, digest: str) -> Path:
        """Where a cloud keeps the bytes of a blob, for a test to spoil."""
        name = digest.removeprefix("sha256:")
        (found,) = [path for path in (self.stack.endpoints.state / "clouds" / cloud / "blobs").rglob("*") if path.name.endswith(name)]
        return found


@pytest.fixture(scope="session")
def hands(stack: Stack) -> Hands:
    return Hands(stack)
