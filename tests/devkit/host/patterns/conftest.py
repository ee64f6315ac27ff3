from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside, serving

APPS = Path(__file__).parents[3] / "host_apps"


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with serving() as services:
        yield services


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Victim]:
    """The app of the file `test_pattern_<app>.py`, on one host for all its tests; `CLOCK_SCALE` and `SETTINGS` there are its."""
    name = request.path.stem.removeprefix("test_pattern_")
    settings = {"SERVICES": outside.url, **getattr(request.module, "SETTINGS", {})}
    scale = getattr(request.module, "CLOCK_SCALE", 1.0)
    host = Victim(APPS / name, tmp_path_factory.mktemp(name), settings, clock_scale=scale).start()
    yield host
    assert host.stop() == 0
    assert "in the host" not in host.log.read_text(), host.log.read_text()
