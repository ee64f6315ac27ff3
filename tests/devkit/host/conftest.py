from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devkit.tls import TlsFiles, make_authority
from tests.devkit.host.running import APPS, Host

MakeHost = Callable[..., Host]


def sample(folder: Path, **more: Any) -> Host:
    """The sample app on a host of its own; not yet started."""
    work = folder / "work"
    work.mkdir(parents=True)
    settings = {
        "HUB": "SampleHub",
        "NIGHTLY": "0 0 3 1 1 *",
        "WORK": str(work),
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
    }
    return Host(APPS / "sample", folder, {**settings, **more.pop("settings", {})}, **more)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Host]:
    """Shared; keys are not enforced. Tests keep apart by the ids of their instances."""
    running = sample(tmp_path_factory.mktemp("host"), settings={"SSL_CERT_FILE": str(tls.ca)}, command=True).start()
    yield running
    assert running.stop() == 0
    assert "in the host" not in running.log.read_text(), running.log.read_text()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Shared; keys are enforced."""
    running = sample(tmp_path_factory.mktemp("guarded"), enforce_keys=True).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """A host of one's own with the sample app, to be killed or told otherwise; not yet started."""
    made: list[Host] = []

    def make(**more: Any) -> Host:
        made.append(sample(tmp_path / f"host{len(made)}", **more))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None:
            one.kill()
