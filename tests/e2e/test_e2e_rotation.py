"""Every kind of credential is rotated in the middle of running replications, the old one refused from that moment on: none fails."""

from collections.abc import Iterator

import pytest

from devkit.local.images import make_image
from tests.e2e.running import BOTH
from tests.e2e.search import searched
from tests.e2e.vaulted import NAMES, PASSWORDS, Vaulted

IMAGES = [make_image(f"rotated {number}", layers=1) for number in range(4)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vaulted]:
    for site in searched(Vaulted(tmp_path_factory.mktemp("rotation"), ReplicationPatience="120")):
        assert isinstance(site, Vaulted)
        yield site


@pytest.mark.parametrize("replications", [20, pytest.param(200, marks=pytest.mark.large)])
def test_no_replication_fails_when_credentials_are_rotated_in_its_middle(site: Vaulted, replications: int) -> None:
    pushes = [(f"rotation/{replications}/{number}", IMAGES[number % len(IMAGES)]) for number in range(replications // len(BOTH))]
    parts = [pushes[place::4] for place in range(4)]
    site.ends_as(site.push(make_image("before"), f"rotation/{replications}/before", "v1"), "replicated")  # all of the old is known
    with site.clouds["china"].slow_imports(1.5), site.clouds["usgov"].slow_imports(1.5):
        runs = [site.push(image, repository, "v1") for repository, image in parts[0]]
        site.rotate_secret()
        runs += [site.push(image, repository, "v1") for repository, image in parts[1]]
        site.rotate_password(1)
        runs += [site.push(image, repository, "v1") for repository, image in parts[2]]
        site.rotate_certificate()
        site.rotate_password(2)
        runs += [site.push(image, repository, "v1") for repository, image in parts[3]]
    for run in runs:
        site.ends_as(run, "replicated")
    for repository, image in pushes:
        assert set(site.held(repository, "v1").values()) == {image.digest}


def test_what_was_rotated_was_refused_and_read_again(site: Vaulted) -> None:
    """Else the test above has rotated what nobody used any more."""
    for cloud in BOTH:
        signed_in = [one["status"] for one in site.clouds[cloud].requests() if one["service"] == "entra" and one["method"] == "POST"]
        assert 401 in signed_in and signed_in[-1] == 200
    asked = site.clouds["source"].requests()
    assert 401 in [one["status"] for one in asked if one["path"].startswith("/oauth2/token")]
    for setting in (*PASSWORDS, "ChinaClientSecret", "UsgovCertificate"):
        assert len([one for one in asked if one["path"].startswith(f"/secrets/{NAMES[setting]}") and one["status"] == 200]) > 1
