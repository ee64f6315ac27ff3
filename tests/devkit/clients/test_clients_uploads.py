"""Blobs on their way in: mounted instead of sent, sent in pieces, and sent when the wire breaks. The requests that came tell which."""

import pytest

from tests.devkit.clients.atregistry import assert_holds, password, reference, statuses
from tests.devkit.clients.client import Client, Failed
from tests.devkit.clients.crane import Crane
from tests.devkit.clients.cutting import cutting
from tests.devkit.clients.images import PLATFORMS, all_platforms, one_platform
from tests.devkit.clients.regctl import Regctl
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import Clouds, digest_of

LARGE = 5_000_000  # bytes
CUT = 2_000_000


@covers("mount")
def test_copies_within_the_registry_by_mounting_blobs(client: Client, clouds: Clouds) -> None:
    cloud, origin, repository, image = clouds.source, f"mount/{client.program}/a", f"mount/{client.program}/b", all_platforms("mount")
    client.push(image, reference(cloud, origin))  # by the client itself: skopeo mounts only what it remembers
    client.copy(reference(cloud, origin), reference(cloud, repository))
    assert_holds(cloud, repository, "v1", image)
    sent = len(PLATFORMS) if client.program == "skopeo" else 0  # the configs, which skopeo reads and sends itself; layers never travel
    uploads = f"/v2/{repository}/blobs/uploads/"
    assert sorted(statuses(cloud, uploads, "POST")) == [201] * (len(image.blobs) - sent) + [202] * sent
    assert statuses(cloud, uploads, "PUT") == [201] * sent
    assert len(statuses(cloud, f"/v2/{origin}/blobs/sha256:", "GET")) == sent


@covers("chunks")
def test_sends_a_blob_in_pieces(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"chunks/{client.program}", one_platform("chunks", size=LARGE)
    if isinstance(client, Regctl):
        blob = next(content for content in image.blobs.values() if len(content) >= LARGE)
        client.push_in_chunks(f"{cloud.login_server}/{repository}", blob, 1_000_000)
        assert cloud.registry("GET", f"/v2/{repository}/blobs/{digest_of(blob)}").body == blob
        pieces, blobs = 5, 1  # what is left goes with the PUT
    else:
        client.push(image, reference(cloud, repository))
        assert_holds(cloud, repository, "v1", image)
        pieces, blobs = 2, 2
    uploads = f"/v2/{repository}/blobs/uploads/"
    assert statuses(cloud, uploads, "PATCH") == [202] * pieces
    assert statuses(cloud, uploads, "PUT") == [201] * blobs


@covers("resume")
def test_ends_an_upload_that_was_interrupted(client: Client, clouds: Clouds) -> None:
    """The connection breaks amid the layer."""
    cloud, repository, image = clouds.source, f"resume/{client.program}", one_platform("resume", size=CUT)
    blob = next(content for content in image.blobs.values() if len(content) >= CUT)
    with cutting(cloud.config["ports"]["registry"], after=CUT // 2) as wire:
        server = f"localhost:{wire.port}"
        client.sign_in({server: ("all", password(cloud, "all"))})
        if isinstance(client, Regctl):
            client.push_in_chunks(f"{server}/{repository}", blob, 300_000)
        elif isinstance(client, Crane):
            client.push(image, f"{server}/{repository}:v1")
        else:
            with pytest.raises(Failed):
                client.push(image, f"{server}/{repository}:v1")
            client.push(image, f"{server}/{repository}:v1")
        assert wire.was_cut
    assert cloud.registry("GET", f"/v2/{repository}/blobs/{digest_of(blob)}").body == blob
    uploads = f"/v2/{repository}/blobs/uploads/"
    if isinstance(client, Regctl):  # one upload; 416 and its Range tell where to go on
        assert statuses(cloud, uploads, "POST").count(202) == 1
        assert statuses(cloud, uploads, "PATCH").count(416) == 1
    else:
        assert_holds(cloud, repository, "v1", image)
        assert statuses(cloud, uploads, "POST").count(202) > len(image.blobs)
