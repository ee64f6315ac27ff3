"""One certificate authority for the whole run, and this process's trust in it.

aiohttp, under azure-core and so under every client of the app, makes its default TLS context once, when it is imported, from SSL_CERT_FILE.
So that is set for the length of the import and no longer: the clients are tested as they are, with no way in that only tests would use, and
neither another context of this process nor its children inherit the trust."""

import importlib
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import hypothesis
import pytest

from devkit.tls import TlsFiles, make_authority
from tests.devkit.cloud.running import Clouds, MakeCloud, MakeClouds

_FOLDER = tempfile.TemporaryDirectory(prefix="multi-cloud-publish-tests-")
_TLS = make_authority(Path(_FOLDER.name))
os.environ |= {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}
assert "aiohttp" not in sys.modules, "something has imported aiohttp before: its TLS context will not trust the tests' authority"
with pytest.MonkeyPatch.context() as environment:
    environment.setenv("SSL_CERT_FILE", str(_TLS.ca))
    importlib.import_module("aiohttp")


hypothesis.settings.register_profile("patient", deadline=None)  # machines are slow at times, and that is no failure
hypothesis.settings.load_profile("patient")


def pytest_unconfigure() -> None:
    _FOLDER.cleanup()


@pytest.fixture(scope="session")
def tls() -> TlsFiles:
    return _TLS


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Clouds]:
    make = MakeClouds(tmp_path_factory.mktemp("clouds"), tls)
    with make("source").serving() as source, make("target").serving() as target:
        yield Clouds(source, target)


@pytest.fixture
def make_cloud(tmp_path: Path, tls: TlsFiles) -> Iterator[MakeCloud]:
    """A cloud of one's own, to be killed or told otherwise; not yet started."""
    make = MakeClouds(tmp_path, tls)
    yield make
    for cloud in make.made:
        if cloud.process is not None:
            cloud.kill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"with azure-functions {version('azure-functions')} on Python {sys.version.split()[0]}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With FAIL_ON_SKIP, as in CI, where everything that a test may need can be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FAIL_ON_SKIP") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
