"""Deleting, by digest and by tag: Azure takes digests alone (acr.md 5), and each client makes of that what it does."""

import pytest

from tests.devkit.clients.atregistry import digest_at, put, reference
from tests.devkit.clients.client import Client, Failed
from tests.devkit.clients.images import all_platforms, one_platform
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import Clouds


@covers("delete")
def test_deletes_by_digest_with_every_tag(client: Client, clouds: Clouds) -> None:
    cloud, repository, image, kept = clouds.source, f"delete/{client.program}", all_platforms("delete"), one_platform("kept")
    for tag in ("v1", "v2"):
        put(cloud, repository, tag, image)
    put(cloud, repository, "v3", kept)
    client.delete(reference(cloud, repository, image.root))
    assert [digest_at(cloud, repository, name) for name in (image.root, "v1", "v2", "v3")] == [None, None, None, kept.root]
    children = [digest for digest in image.manifests if digest != image.root]
    assert [digest_at(cloud, repository, digest) for digest in children] == children  # an index leaves them behind: acr.md 5


@covers("delete tag")
def test_deletes_by_tag_as_far_as_azure_lets_it(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"delete-tag/{client.program}", one_platform("delete tag")
    tagged = put(cloud, repository, "v1", image)
    put(cloud, repository, "v2", image)
    if client.program == "crane":
        with pytest.raises(Failed, match="UNSUPPORTED"):
            client.delete_tag(tagged)
        left: dict[str, str | None] = {"v1": image.root, "v2": image.root, image.root: image.root}
    else:
        client.delete_tag(tagged)
        stays = image.root if client.program == "regctl" else None
        left = {"v1": None, "v2": stays, image.root: stays}
    assert {name: digest_at(cloud, repository, name) for name in left} == left
