"""Settings that are wrong: every mistake is told, nothing is lost, and what came meanwhile is delivered once they are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import Site
from tests.e2e.search import searched

IMAGE = make_image("pushed while the settings were wrong")
MISPLACED = "a-secret-in-the-wrong-place-9d3b"  # where the name of a setting belongs


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Event Grid's first pause, ten seconds, takes a fifth of one."""
    wrong = Site(tmp_path)
    wrong.secrets["misplaced"] = MISPLACED
    wrong.stack.clouds["source"].settings["clockScale"] = 50
    yield from searched(wrong)


def test_an_event_outlives_wrong_settings(site: Site) -> None:
    right = dict(site.stack.app_settings)
    with_mistakes = {
        "SourceACRResourceId": MISPLACED,
        "ReplicationTargets": right["ReplicationTargets"].replace("ChinaClientSecret", MISPLACED),
        "UsgovClientSecret": "",
        "ReplicationSettle": MISPLACED,
    }
    site.stack.host.kill()
    site.stack.app_settings.update(with_mistakes)
    site.stack.host.start()

    run = site.push(IMAGE, "settings/app", "v1")
    (event,) = eventually(lambda: site.clouds["source"].events("settings/app:v1"), lambda events: events[0]["attempts"] >= 2)
    assert (event["state"], event["lastStatus"]) == ("pending", 500)

    answer = site.get("/api/status?repository=settings/app&tag=v1")
    assert answer.status == 503
    mistakes = (
        "SourceACRResourceId is not",
        "ReplicationTargets[0].clientSecretSetting must be",
        "ReplicationTargets[1].clientSecretSetting names",
        "ReplicationSettle is not",
    )
    assert [mistake for mistake in mistakes if mistake not in answer.json()["error"]] == [], answer.json()["error"]

    site.stack.host.kill()
    site.stack.app_settings.update(right)
    site.stack.host.start()
    site.ends_as(run, "replicated")
    assert set(site.held("settings/app", "v1").values()) == {IMAGE.digest}
    (event,) = site.clouds["source"].events("settings/app:v1")
    assert event["state"] == "delivered"
