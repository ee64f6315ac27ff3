"""Images on their way: pushed, pulled, copied, listed, with their signatures."""

import json

import pytest

from tests.devkit.clients.atregistry import assert_holds, password, put, reference
from tests.devkit.clients.client import Client
from tests.devkit.clients.images import DOCKER, FAMILIES, Family, all_platforms, one_platform, signature_of, signature_tag
from tests.devkit.clients.skopeo import Skopeo
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import ACR_AUDIENCE, Clouds

NAMELESS = "00000000-0000-0000-0000-000000000000"  # docs: container-registry-authentication, --expose-token

each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


@covers("login")
def test_logs_in_with_a_password(client: Client, clouds: Clouds) -> None:
    cloud, repository = clouds.source, f"login/{client.program}"
    cloud.push_image(repository, "v1")
    client.sign_in({})
    client.login(cloud.login_server, "all", password(cloud, "all"))
    assert client.tags(f"{cloud.login_server}/{repository}") == ["v1"]


@covers("Entra identity")
def test_logs_in_as_an_application_of_entra(client: Client, clouds: Clouds) -> None:
    """As after `az acr login`: no name, and for a password the registry's refresh token (acr.md 4.4)."""
    cloud, repository, image = clouds.source, f"entra/{client.program}", one_platform("entra")
    entra = cloud.entra_token(audience=ACR_AUDIENCE).json["access_token"]
    exchanged = {"grant_type": "access_token", "service": cloud.login_server, "access_token": entra}
    refresh = cloud.form("registry", "/oauth2/exchange", exchanged).json["refresh_token"]
    client.sign_in({})
    client.login(cloud.login_server, NAMELESS, refresh)
    client.push(image, reference(cloud, repository))
    assert client.pull(reference(cloud, repository), image) == image.everything


@each_family
@covers("push")
def test_pushes_byte_for_byte(client: Client, clouds: Clouds, family: Family) -> None:
    image, repository = all_platforms("push", family), f"push/{client.program}-{family.name}"
    client.push(image, reference(clouds.source, repository))
    assert_holds(clouds.source, repository, "v1", image)


@each_family
@covers("pull")
def test_pulls_byte_for_byte(client: Client, clouds: Clouds, family: Family) -> None:
    image, repository = all_platforms("pull", family), f"pull/{client.program}-{family.name}"
    pushed = put(clouds.source, repository, "v1", image)
    assert client.pull(pushed, image) == image.everything


@each_family
@covers("copy")
def test_copies_all_platforms_to_another_cloud(client: Client, clouds: Clouds, family: Family) -> None:
    image, repository = all_platforms("copy", family), f"copy/{client.program}-{family.name}"
    client.copy(put(clouds.source, repository, "v1", image), reference(clouds.target, repository))
    assert_holds(clouds.target, repository, "v1", image)


@pytest.fixture(scope="module")
def many_tags(clouds: Clouds) -> list[str]:
    """Of the repository tags/many: more than the hundred that a page has."""
    image, names = one_platform("tags"), [f"v{number:03}" for number in range(103)]
    put(clouds.source, "tags/many", names[0], image)
    for name in names[1:]:
        assert clouds.source.push_manifest("tags/many", name, image.manifests[image.root]).status == 201
    return names


@covers("tags")
def test_lists_tags_over_several_pages(client: Client, clouds: Clouds, many_tags: list[str]) -> None:
    assert client.tags(f"{clouds.source.login_server}/tags/many") == many_tags


@covers("signature tag")
def test_pushes_and_copies_a_signature_under_its_tag(client: Client, clouds: Clouds) -> None:
    image, repository = one_platform("signed"), f"signed/{client.program}"
    signature, tag = signature_of(image), signature_tag(image)
    client.push(image, reference(clouds.source, repository))
    client.push(signature, reference(clouds.source, repository, tag))
    assert_holds(clouds.source, repository, tag, signature)
    for name in ("v1", tag):
        client.copy(reference(clouds.source, repository, name), reference(clouds.target, repository, name))
    assert_holds(clouds.target, repository, "v1", image)
    assert_holds(clouds.target, repository, tag, signature)


@pytest.mark.debian
@pytest.mark.parametrize("client", [Skopeo], indirect=True, ids=["skopeo"])
def test_skopeo_converts_to_docker_media_types(client: Skopeo, clouds: Clouds) -> None:
    """The blobs are the image's own, the manifests skopeo's."""
    cloud, repository, image = clouds.source, "converted/app", all_platforms("converted")
    client.push_converted(image, reference(cloud, repository))
    index = cloud.registry("GET", f"/v2/{repository}/manifests/v1")
    assert index.headers["Content-Type"] == DOCKER.index
    found = [json.loads(cloud.registry("GET", f"/v2/{repository}/manifests/{one['digest']}").body) for one in index.json["manifests"]]
    assert {one["mediaType"] for one in found} == {DOCKER.manifest}
    blobs = {one["digest"]: one["mediaType"] for manifest in found for one in (manifest["config"], *manifest["layers"])}
    assert set(blobs) == set(image.blobs) and set(blobs.values()) == {DOCKER.config, DOCKER.layer}
    assert all(cloud.registry("GET", f"/v2/{repository}/blobs/{digest}").body == content for digest, content in image.blobs.items())
