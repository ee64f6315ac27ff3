"""Two targets that are not alike: one by a certificate, with authorities, a scope and names of its own, the other silent."""

import json
from collections.abc import Iterator

import pytest

from devkit.local import faults
from devkit.local.images import make_image
from tests.devkit.cloud.proving import Certificate
from tests.e2e.running import Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("for one target alone")
CERTIFICATE = Certificate.make()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The target in US Government takes calls and does not answer."""
    site = Site(tmp_path_factory.mktemp("targets"))
    china, usgov = json.loads(site.stack.app_settings["ReplicationTargets"])
    del china["clientSecretSetting"]
    china |= {
        "clientCertificateSetting": "ChinaCertificate",
        "caFile": str(site.ends.ca),
        "prefixes": {"targets/": "mirror/of/"},
        "tags": {"exclude": ["draft-*"]},
        "deletes": "keep",
    }
    site.stack.app_settings |= {"ReplicationTargets": json.dumps([china, usgov]), "ChinaCertificate": CERTIFICATE.both.decode()}
    site.stack.clouds["china"].settings["principals"][0]["certificates"] = [CERTIFICATE.pem]
    site.secrets["china/certificate"] = CERTIFICATE.key_pem.splitlines()[5]
    for running in searched(site):
        site.clouds["usgov"].impose(faults.hang(), on=faults.registry(), name="silent")
        yield running


@pytest.fixture(scope="module")
def pushed(site: Site) -> str:
    return site.push(IMAGE, "targets/app", "v1")


def test_a_target_that_is_silent_keeps_no_other_waiting(site: Site, pushed: str) -> None:
    run = site.running(pushed, "replicated", ["china"])
    assert target_of(run, "usgov")["outcome"] is None


def test_it_lies_where_the_target_keeps_it(site: Site, pushed: str) -> None:
    site.running(pushed, "replicated", ["china"])
    assert site.reading("china", "mirror/of/app", "v1").digest == IMAGE.digest
    assert site.reading("china", "targets/app", "v1").digest is None


def test_what_the_settings_leave_out_is_filtered(site: Site) -> None:
    run = site.push(IMAGE, "targets/app", "draft-1")
    site.running(run, "filtered (tag)", ["china"])
    other = site.push(IMAGE, "elsewhere/app", "v1")
    site.running(other, "filtered (prefix)", ["china"])
    assert site.reading("china", "mirror/of/app", "draft-1").digest is None


def test_where_deletes_are_off_a_deleted_image_is_kept(site: Site) -> None:
    image = make_image("kept")
    site.running(site.push(image, "targets/kept", "v1"), "replicated", ["china"])
    site.running(site.delete("targets/kept", image.digest), "kept (deletes_off)", ["china"])
    assert site.reading("china", "mirror/of/kept", "v1").digest == image.digest
