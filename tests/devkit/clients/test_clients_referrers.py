"""What points at an image without being listed in it: attached, found, taken along, and gone with its subject."""

from tests.devkit.clients.atregistry import assert_holds, digest_at, put, reference
from tests.devkit.clients.client import Client
from tests.devkit.clients.images import SBOM, all_platforms, one_platform, referrer_of
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import Clouds


@covers("attach")
def test_attaches_to_an_image(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"attach/{client.program}", all_platforms("attach")
    client.attach(put(cloud, repository, "v1", image), SBOM, b"an inventory")
    listed = cloud.registry("GET", f"/v2/{repository}/referrers/{image.root}").json["manifests"]
    assert [one["artifactType"] for one in listed] == [SBOM]
    manifest = cloud.registry("GET", f"/v2/{repository}/manifests/{listed[0]['digest']}").json
    assert cloud.registry("GET", f"/v2/{repository}/blobs/{manifest['layers'][0]['digest']}").body == b"an inventory"
    tags = cloud.registry("GET", f"/v2/{repository}/tags/list").json["tags"]
    assert tags == ["v1"]  # by the referrers API, not by the tag that stands in for it where there is none


@covers("discover")
def test_finds_what_refers_to_an_image(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"discover/{client.program}", one_platform("discover")
    subject, referrers = put(cloud, repository, "v1", image), [referrer_of(image, name) for name in ("one", "two")]
    assert client.referrers(subject) == []
    for referrer in referrers:
        put(cloud, repository, referrer.root, referrer)
    assert sorted(client.referrers(subject)) == sorted(referrer.root for referrer in referrers)


@covers("copy referrers")
def test_copies_an_image_with_what_refers_to_it_and_deletes_both(client: Client, clouds: Clouds) -> None:
    repository, image = f"copy-referrers/{client.program}", all_platforms("copy referrers")
    referrer = referrer_of(image, "taken along")
    signature = referrer_of(referrer, "a signature of the inventory")
    subject = put(clouds.source, repository, "v1", image)
    for one in (referrer, signature):
        put(clouds.source, repository, one.root, one)
    client.copy_with_referrers(subject, reference(clouds.target, repository))
    assert_holds(clouds.target, repository, "v1", image)
    for one in (referrer, signature):
        assert_holds(clouds.target, repository, one.root, one)
    client.delete(reference(clouds.target, repository, image.root))
    gone = [digest_at(clouds.target, repository, one.root) for one in (image, referrer, signature)]
    assert gone == [None, None, None]  # acr.md 5: a deleted subject takes its referrers along
