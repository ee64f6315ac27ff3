"""Runs that wait with others for what turns everybody away, and go on by themselves when it is over."""

from collections.abc import Iterator

import pytest

from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("waits with others")
WRONG = "wrong-secret-of-china-77d0"
RUNS = 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a wrong client secret for China."""
    waiting = Site(tmp_path_factory.mktemp("waiting"), ReplicationWaiting="600")
    waiting.secrets["wrong"] = WRONG
    waiting.stack.app_settings["ChinaClientSecret"] = WRONG
    yield from searched(waiting)


def refused(site: Site) -> int:
    """How often China's Entra has turned the app away."""
    return len(site.clouds["china"].requests(method="POST", status=401))


def test_a_corrected_secret_lets_all_who_wait_go_on(site: Site) -> None:
    runs = [site.push(IMAGE, f"waiting/app{number}", "v1") for number in range(RUNS)]
    for run in runs:
        at_usgov = target_of(site.running(run, "replicated", ["usgov"]), "usgov")
        assert at_usgov["waiting"] is None
    waits = [target_of(site.running(run, "waiting: credential_wrong", ["china"]), "china") for run in runs]
    assert {one["waiting"]["reason"] for one in waits} == {"credential_wrong"}
    assert all(one["waiting"]["since"] <= one["waiting"]["next_try"] for one in waits)

    asked = refused(site)
    eventually(lambda: refused(site), lambda now: now >= asked + 4)
    assert refused(site) < asked + RUNS  # one tries for all
    site.stack.host.kill()
    site.stack.app_settings["ChinaClientSecret"] = site.secrets["china/client-secret"]
    site.stack.host.start()
    for run in runs:
        site.ends_as(run, "replicated")
    assert all(set(site.held(f"waiting/app{number}", "v1").values()) == {IMAGE.digest} for number in range(RUNS))
    assert [len(site.clouds["china"].imports(f"waiting/app{number}")) for number in range(RUNS)] == [1] * RUNS
    site.until_quiet()
