from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.local.stack import Stack
from tests.devkit.local.running import write_app

OF_THE_SHELL = ("http_proxy", "ReplicationExtra", "PYTHONPATH")


@pytest.fixture(scope="session")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_app(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, small_app: Path) -> Iterator[Stack]:
    """With the small app, started in a shell that has settings of its own; tests keep apart by the names of their repositories."""
    running = Stack(tmp_path_factory.mktemp("stack"), app=small_app)
    with pytest.MonkeyPatch.context() as shell:
        for name in OF_THE_SHELL:
            shell.setenv(name, "http://127.0.0.1:1")
        running.start()
    yield running
    running.stop()
