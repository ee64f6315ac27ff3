"""Digests by another algorithm than sha256: not known of Azure (acr.md 5 [?]), so a cloud can be told to refuse or to accept them."""

import hashlib
import json
from typing import Any

from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, Clouds, MakeCloud, digest_of, image

LAYER, CONFIG = b"layer", b"{}"


def sha512(content: bytes) -> str:
    return f"sha512:{hashlib.sha512(content).hexdigest()}"


def listed(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha512(content), "size": len(content)}


MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": listed(CONFIG, "application/vnd.oci.image.config.v1+json"),
        "layers": [listed(LAYER, "application/vnd.oci.image.layer.v1.tar")],
    }
).encode()


def push_blob(cloud: Cloud, repository: str, content: bytes, digest: str) -> int:
    """Its algorithm is named only by the last request."""
    location = cloud.registry("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    assert cloud.registry("PATCH", location, body=content).status == 202
    return cloud.registry("PUT", f"{location}?digest={digest}").status


def test_sha512_is_refused_unless_told_otherwise(clouds: Clouds) -> None:
    source, repository = clouds.source, "sha512/refused"
    source.push_image(repository)
    for method, path in (
        ("GET", f"blobs/{sha512(LAYER)}"),
        ("POST", f"blobs/uploads/?digest={sha512(LAYER)}"),
        ("POST", f"blobs/uploads/?mount={sha512(LAYER)}&from={repository}"),
        ("PUT", f"manifests/{sha512(MANIFEST)}"),
        ("GET", f"referrers/{sha512(MANIFEST)}"),
    ):
        answer = source.registry(method, f"/v2/{repository}/{path}", body=LAYER)
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID"), path
    assert push_blob(source, repository, LAYER, sha512(LAYER)) == 400
    assert source.push_manifest(repository, "v1", MANIFEST).code == "MANIFEST_INVALID"
    subject = image(LAYER, subject=listed(b"subject", OCI_MANIFEST))
    assert source.push_manifest(repository, "v1", subject).code == "MANIFEST_INVALID"


def test_sha512_names_blobs_and_manifests_where_it_is_accepted(make_cloud: MakeCloud) -> None:
    cloud, repository = make_cloud("accepting", unknowns={"sha512": "accepted"}).start(), "sha512/accepted"
    assert push_blob(cloud, repository, LAYER, sha512(b"other")) == 400
    for content in (LAYER, CONFIG):
        assert push_blob(cloud, repository, content, sha512(content)) == 201
        assert cloud.registry("GET", f"/v2/{repository}/blobs/{sha512(content)}").body == content
        assert cloud.registry("GET", f"/v2/{repository}/blobs/{digest_of(content)}").status == 404
    assert cloud.push_manifest(repository, sha512(b"other"), MANIFEST).code == "DIGEST_INVALID"
    pushed = cloud.push_manifest(repository, sha512(MANIFEST), MANIFEST)
    assert (pushed.status, pushed.headers["Docker-Content-Digest"]) == (201, sha512(MANIFEST))
    assert cloud.registry("GET", f"/v2/{repository}/manifests/{sha512(MANIFEST)}").body == MANIFEST
    parent = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": listed(MANIFEST, OCI_MANIFEST)}).encode()
    assert cloud.push_manifest(repository, sha512(parent), parent, OCI_INDEX).status == 201
    referrers = cloud.registry("GET", f"/v2/{repository}/referrers/{sha512(MANIFEST)}").json["manifests"]
    assert [one["digest"] for one in referrers] == [sha512(parent)]
    cloud.kill()
    cloud.start()
    assert cloud.registry("GET", f"/v2/{repository}/blobs/{sha512(LAYER)}").body == LAYER
