from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.local.stack import Stack
from tests.devkit.local.running import write_app


@pytest.fixture(scope="session")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_app(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, small_app: Path) -> Iterator[Stack]:
    """With the small app; tests keep apart by the names of their repositories."""
    with Stack(tmp_path_factory.mktemp("stack"), app=small_app) as running:
        yield running
