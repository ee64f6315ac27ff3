"""`kill -9`, of the host and of the clouds, in the middle: what was begun goes on, and is not begun twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import BOTH, Site
from tests.e2e.search import searched

IMAGE = make_image("survives")
IMPORT_TAKES = 1.5  # seconds: long enough to be killed in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A source whose Event Grid pauses a fiftieth as long, and imports that take their time."""
    slow = Site(tmp_path_factory.mktemp("crash"), ReplicationPatience="60", ReplicationWaiting="60")
    slow.stack.clouds["source"].settings["clockScale"] = 50
    for target in BOTH:
        slow.stack.clouds[target].settings["imports"]["latencySeconds"] = IMPORT_TAKES
    yield from searched(slow)


@dataclass(frozen=True)
class Runs:
    target: str  # its run began before China's cloud was killed
    host: str  # before the host was
    down: str  # while the host was down, and before the source's cloud was killed


@pytest.fixture(scope="module")
def runs(site: Site) -> Runs:
    target = importing(site, "crash/target")
    site.stack.clouds["china"].restart()
    host = importing(site, "crash/host")
    site.stack.host.kill()
    down = site.push(IMAGE, "crash/down", "v1")
    (event,) = eventually(lambda: site.clouds["source"].events("crash/down:v1"), lambda events: events[0]["attempts"])
    assert (event["state"], event["lastStatus"]) == ("pending", None)
    for cloud in BOTH:  # an import that reads from the source while that is down fails, and that is another test's matter
        for repository in ("crash/target", "crash/host"):
            eventually(partial(site.clouds[cloud].imports, repository), lambda imports: imports[0]["state"] == "succeeded")
    site.stack.clouds["source"].restart()
    site.stack.host.start()
    return Runs(target, host, down)


def importing(site: Site, repository: str) -> str:
    """A run that has started its imports, and knows that it has: before it knows, it would have to start them again."""
    run = site.push(IMAGE, repository, "v1")
    for target in BOTH:
        eventually(partial(site.completed, f"{run}~{target}", "start_import"), bool)
        assert [one["state"] for one in site.clouds[target].imports(repository)] == ["running"]
    return run


def arrives_by_one_import(site: Site, run: str, repository: str) -> None:
    site.ends_as(run, "replicated")
    assert set(site.held(repository, "v1").values()) == {IMAGE.digest}
    assert [[one["state"] for one in site.clouds[target].imports(repository)] for target in BOTH] == [["succeeded"], ["succeeded"]]


def test_a_killed_target_cloud_goes_on_with_its_import(site: Site, runs: Runs) -> None:
    arrives_by_one_import(site, runs.target, "crash/target")


def test_a_killed_host_goes_on_with_the_same_imports(site: Site, runs: Runs) -> None:
    arrives_by_one_import(site, runs.host, "crash/host")
    for target in BOTH:
        assert site.completed(f"{runs.host}~{target}", "start_import") == 1


def test_what_is_pushed_while_the_host_is_down_is_delivered_when_it_is_up(site: Site, runs: Runs) -> None:
    """Though the cloud that was to tell of it has died as well."""
    arrives_by_one_import(site, runs.down, "crash/down")
    (event,) = site.clouds["source"].events("crash/down:v1")
    assert event["state"] == "delivered"
