from collections.abc import Iterator

import pytest

from devkit.tls import TlsFiles
from tests.devkit.cloud.receiving import Receiver
from tests.devkit.cloud.running import Cloud, MakeClouds


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def grid_cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    cloud = MakeClouds(tmp_path_factory.mktemp("grid"), tls)("grid").start()
    yield cloud
    assert cloud.stop() == 0
    assert "Traceback" not in cloud.log.read_text(), cloud.log.read_text()


@pytest.fixture
def grid(grid_cloud: Cloud) -> Iterator[Cloud]:
    """A cloud whose subscription and clock each test sets as it needs them. Tests keep apart by the names of their repositories; nothing
    of one is delivered to the next."""
    yield grid_cloud
    grid_cloud.control("DELETE", "event-subscription")
