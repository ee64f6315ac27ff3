"""Each test has its client to itself, signed in at both clouds as the one who may do everything."""

from pathlib import Path

import pytest

from devkit.tls import TlsFiles
from devkit.tools import Missing
from tests.devkit.clients.atregistry import password
from tests.devkit.clients.client import Client
from tests.devkit.cloud.running import Clouds


@pytest.fixture
def client(request: pytest.FixtureRequest, clouds: Clouds, tls: TlsFiles, tmp_path: Path) -> Client:
    try:
        made: Client = request.param(tmp_path / "home", tls.ca)
    except Missing as missing:
        pytest.skip(str(missing))
    made.sign_in({cloud.login_server: ("all", password(cloud, "all")) for cloud in (clouds.source, clouds.target)})
    return made
