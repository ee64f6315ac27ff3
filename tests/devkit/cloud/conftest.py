import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devkit.tls import TlsFiles, make_authority
from tests.devkit.cloud.running import Cloud, settings

MakeCloud = Callable[..., Cloud]


@dataclass(frozen=True)
class Clouds:
    """Two that share nothing; tests keep apart by the names of their repositories."""

    source: Cloud
    target: Cloud


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_authority(tmp_path_factory.mktemp("tls"))


def _cloud(name: str, folder: Path, tls: TlsFiles, **changed: Any) -> Cloud:
    folder.mkdir(exist_ok=True)
    config = {**settings(name, folder, tls), **changed}
    return Cloud(config, folder / "settings.json", ssl.create_default_context(cafile=str(tls.ca)), folder / "log")


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Clouds]:
    folder = tmp_path_factory.mktemp("clouds")
    pair = Clouds(*(_cloud(name, folder / name, tls).start() for name in ("source", "target")))
    yield pair
    for cloud in (pair.source, pair.target):
        assert cloud.stop() == 0
        assert "Traceback" not in cloud.log.read_text(), cloud.log.read_text()


@pytest.fixture
def make_cloud(tmp_path: Path, tls: TlsFiles) -> Iterator[MakeCloud]:
    """A cloud of one's own, to be killed or told otherwise; not yet started."""
    made: list[Cloud] = []

    def make(name: str, **changed: Any) -> Cloud:
        made.append(_cloud(name, tmp_path / name, tls, **changed))
        return made[-1]

    yield make
    for cloud in made:
        if cloud.process is not None:
            cloud.kill()
