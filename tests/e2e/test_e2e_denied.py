"""Credentials that do not work: told with their fix, at the one that they concern, and mended without pushing again."""

from collections.abc import Iterator

import pytest

from devkit.local.images import make_image
from tests.e2e.running import BOTH, Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("denied")
WRONG = {"china": "wrong-secret-of-china-6c1f", "source": "wrong-password-of-the-source-41aa"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a wrong client secret for China, which is waited for a little while."""
    denied = Site(tmp_path_factory.mktemp("denied"), ReplicationWaiting="2.5")
    denied.secrets |= WRONG
    denied.stack.app_settings["ChinaClientSecret"] = WRONG["china"]
    yield from searched(denied)


def restarted_with(site: Site, **settings: str) -> None:
    site.stack.host.kill()
    site.stack.app_settings.update(settings)
    site.stack.host.start()


def test_a_wrong_target_secret_fails_that_target_and_slows_no_other(site: Site) -> None:
    run = site.push(IMAGE, "denied/china", "v1")
    meanwhile = site.running(run, "waiting: credential_wrong", ["china"])
    assert target_of(meanwhile, "china")["failure"]["code"] == "credential_wrong"
    china, usgov = site.ends_as(run, "failed", "replicated")["targets"]
    assert (china["failure"]["kind"], china["failure"]["code"]) == ("denied", "credential_wrong")
    assert "AADSTS7000215" in china["failure"]["said"]
    assert "ChinaClientSecret" in china["failure"]["hint"]
    assert "china" in china["failure"]["doing"]
    assert (usgov["digest"], usgov["failure"]) == (IMAGE.digest, None)
    assert usgov["seconds"] < china["seconds"]
    assert site.held("denied/china", "v1") == {"source": IMAGE.digest, "china": None, "usgov": IMAGE.digest}
    assert site.clouds["china"].imports("denied/china") == []


def test_a_corrected_secret_heals_a_run_that_waits_for_it(site: Site) -> None:
    run = site.push(IMAGE, "denied/mended", "v1")
    site.running(run, "waiting: credential_wrong", ["china"])
    restarted_with(site, ChinaClientSecret=site.secrets["china/client-secret"])
    site.ends_as(run, "replicated")


def test_a_wrong_source_password_fails_every_target(site: Site) -> None:
    restarted_with(site, SourceACRPullTokenPassword=WRONG["source"], ReplicationWaiting="1")
    run = site.ends_as(site.push(IMAGE, "denied/source", "v1"), "failed")
    for target in run["targets"]:
        assert (target["failure"]["kind"], target["failure"]["code"]) == ("denied", "source_denied")
        assert "UNAUTHORIZED" in target["failure"]["said"]
        assert "SourceACRPullTokenPassword" in target["failure"]["hint"]
    assert site.held("denied/source", "v1") == {"source": IMAGE.digest, "china": None, "usgov": None}
    told = site.status("denied/source", tag="v1")
    assert (told["in_sync"], told["source"]["failure"]["code"]) == (None, "source_denied")
    assert [site.clouds[target].imports("denied/source") for target in BOTH] == [[], []]
