"""An inventory is what the registry holds: page by page, bytes hashed, blobs read, referrers listed."""

import json

from devkit.demo.push import Pusher
from devkit.demo.registry import Connection
from devkit.local.endpoints import Control, Registry
from devkit.tls import TlsFiles
from tests.chaos.artifacts import image, index, referrer
from tests.chaos.inventory import holding, take
from tests.devkit.cloud.running import Cloud, Clouds, MakeCloud

SUBJECT, PLATFORMS = image("subject"), index("platforms", (image("amd64"), image("arm64")))
SIGNATURE = referrer("signature", SUBJECT)


def registry_of(cloud: Cloud) -> Registry:
    token = next(one for one in cloud.config["registry"]["tokens"] if one["actions"] == ["*"])
    return Registry("target", cloud.login_server, "", token["name"], token["password"], Control("", ""))


def test_everything_is_there_once(make_cloud: MakeCloud, tls: TlsFiles) -> None:
    name, cloud = "inventory/app", make_cloud("target")
    cloud.start()
    with Pusher(registry_of(cloud), tls.ca) as pusher:
        for pushed, tag in ((SUBJECT, "v1"), (SIGNATURE, None), (PLATFORMS, "multi")):
            pusher.push(pushed, name, tag)
    found = take(registry_of(cloud), tls.ca)[name]
    assert found.tags == {"v1": SUBJECT.digest, "multi": PLATFORMS.digest}
    assert found.manifests.keys() == {one.digest for one in (SUBJECT, SIGNATURE, PLATFORMS, *PLATFORMS.children)}
    assert {one.wrong for one in found.manifests.values()} == {None}
    assert found.manifests[PLATFORMS.digest].children == tuple(child.digest for child in PLATFORMS.children)
    assert found.manifests[SIGNATURE.digest].subject == SUBJECT.digest
    assert found.referrers[SUBJECT.digest] == {SIGNATURE.digest}


def test_lists_go_on_over_their_pages(clouds: Clouds, tls: TlsFiles) -> None:
    tags = {f"t{number}" for number in range(101)}
    for tag in tags:
        clouds.target.push_manifest("inventory/pages", tag, *stored(clouds.target, "inventory/pages"))
    with Connection(registry_of(clouds.target), tls.ca) as connection:
        assert holding(connection, "inventory/pages").tags.keys() == tags
        assert holding(connection, "inventory/nowhere").manifests == {}


def stored(cloud: Cloud, repository: str) -> tuple[bytes, str]:
    for blob in SUBJECT.blobs:
        cloud.push_blob(repository, blob)
    return SUBJECT.content, SUBJECT.media_type


def test_a_blob_that_is_gone_is_told(clouds: Clouds, tls: TlsFiles) -> None:
    name, blob = "inventory/blobless", json.loads(SUBJECT.content)["config"]["digest"]
    with Pusher(registry_of(clouds.target), tls.ca) as pusher:
        pusher.push(SUBJECT, name, "v1")
    assert clouds.target.registry("DELETE", f"/v2/{name}/blobs/{blob}").status == 202
    with Connection(registry_of(clouds.target), tls.ca) as connection:
        assert holding(connection, name).manifests[SUBJECT.digest].wrong == f"lacks the blob {blob}: status 404"
