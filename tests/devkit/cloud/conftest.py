from collections.abc import Iterator

import pytest

from devkit.cloud.config.scopemaps import SYSTEM
from devkit.tls import TlsFiles
from tests.devkit.cloud.receiving import Receiver
from tests.devkit.cloud.running import Cloud, MakeClouds

SCOPE_MAPS = [
    {
        "name": "team",
        "actions": [
            "repositories/team/*/content/read",
            "repositories/team/*/metadata/read",
            "repositories/team/app/content/write",
            "repositories/other/content/delete",
        ],
    }
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def grid_cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with MakeClouds(tmp_path_factory.mktemp("grid"), tls)("grid").serving() as cloud:
        yield cloud


@pytest.fixture
def grid(grid_cloud: Cloud) -> Iterator[Cloud]:
    """A cloud whose subscription and clock each test sets as it needs them. Tests keep apart by the names of their repositories; nothing
    of one is delivered to the next."""
    yield grid_cloud
    grid_cloud.control("DELETE", "event-subscription")


@pytest.fixture(scope="session")
def acr_cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    cloud = MakeClouds(tmp_path_factory.mktemp("acr"), tls)("acr")
    registry = cloud.config["registry"]
    registry["scopeMaps"] = SCOPE_MAPS
    registry["tokens"] += [{"name": name, "password": f"of-{name}", "scopeMap": name} for name in (*SYSTEM, "team")]
    registry["tokens"].append({"name": "rotated", "passwords": {"password1": {"value": "first"}}, "actions": ["content/read"]})
    with cloud.serving():
        yield cloud


@pytest.fixture
def acr(acr_cloud: Cloud) -> Iterator[Cloud]:
    """A registry whose settings and switches each test changes as it needs: it finds them as they were. Tests keep apart by the names of
    their repositories; the clock only goes forward."""
    settings, switches = acr_cloud.control("GET", "registry"), acr_cloud.control("GET", "unknowns")
    yield acr_cloud
    acr_cloud.control("PUT", "registry", settings)
    acr_cloud.control("PUT", "unknowns", switches)
