"""What goes when something is deleted, and what stays."""

from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Clouds, digest_of, image, index

ABSENT = digest_of(b"absent")


def test_untagging_keeps_the_manifest(clouds: Clouds) -> None:
    digest = clouds.source.push_image("data/untagged", "v1")
    assert clouds.source.registry("DELETE", "/acr/v1/data/untagged/_tags/v1").status == 202
    assert clouds.source.registry("DELETE", "/acr/v1/data/untagged/_tags/v1").status == 404
    assert clouds.source.registry("GET", "/v2/data/untagged/manifests/v1").status == 404
    assert clouds.source.registry("GET", f"/v2/data/untagged/manifests/{digest}").status == 200


def test_deleting_a_manifest_takes_all_its_tags(clouds: Clouds) -> None:
    source = clouds.source
    digest = source.push_image("data/deleted", "v1")
    source.push_image("data/deleted", "v2")
    source.push_image("data/deleted", "other", layer=b"another")
    refused = source.registry("DELETE", "/v2/data/deleted/manifests/v1")
    assert (refused.status, refused.code) == (400, "UNSUPPORTED")
    assert source.registry("DELETE", f"/v2/data/deleted/manifests/{digest}").status == 202
    assert source.registry("DELETE", f"/v2/data/deleted/manifests/{digest}").status == 404
    assert source.registry("GET", "/v2/data/deleted/tags/list").json == {"name": "data/deleted", "tags": ["other"]}


def test_deleting_an_index_leaves_its_children_and_nothing_protects_a_child(clouds: Clouds) -> None:
    child = clouds.source.push_image("data/index")
    content = index(image(b"layer"))
    assert clouds.source.push_manifest("data/index", "v1", content, OCI_INDEX).status == 201
    assert clouds.source.registry("DELETE", f"/v2/data/index/manifests/{digest_of(content)}").status == 202
    assert clouds.source.registry("HEAD", f"/v2/data/index/manifests/{child}").status == 200
    assert clouds.source.push_manifest("data/index", "v1", content, OCI_INDEX).status == 201
    assert clouds.source.registry("DELETE", f"/v2/data/index/manifests/{child}").status == 202
    assert clouds.source.registry("HEAD", "/v2/data/index/manifests/v1").status == 200


def test_referrers_are_listed_filtered_and_deleted_with_their_subject(clouds: Clouds) -> None:
    source = clouds.source
    digest = source.push_image("data/subject", "v1")
    subject = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}
    signature = image(b"signature", subject=subject, artifactType="application/vnd.example.signature", annotations={"by": "me"})
    source.push_blob("data/subject", b"signature")
    pushed = source.push_manifest("data/subject", digest_of(signature), signature)
    assert (pushed.status, pushed.headers["OCI-Subject"]) == (201, digest)

    listed = source.registry("GET", f"/v2/data/subject/referrers/{digest}")
    assert listed.headers["Content-Type"] == OCI_INDEX
    assert [(one["digest"], one["artifactType"], one["annotations"]) for one in listed.json["manifests"]] == [
        (digest_of(signature), "application/vnd.example.signature", {"by": "me"})
    ]
    filtered = source.registry("GET", f"/v2/data/subject/referrers/{digest}?artifactType=another")
    assert (filtered.json["manifests"], filtered.headers["OCI-Filters-Applied"]) == ([], "artifactType")
    assert source.registry("GET", f"/v2/data/subject/referrers/{ABSENT}").json["manifests"] == []
    assert source.registry("DELETE", f"/v2/data/subject/manifests/{digest}").status == 202
    assert source.registry("HEAD", f"/v2/data/subject/manifests/{digest_of(signature)}").status == 404


def test_deleting_a_repository_takes_everything(clouds: Clouds) -> None:
    digest = clouds.source.push_image("data/gone", "v1")
    assert clouds.source.registry("GET", "/acr/v1/data/gone").json["tagCount"] == 1
    deleted = clouds.source.registry("DELETE", "/acr/v1/data/gone")
    assert (deleted.status, deleted.json) == (202, {"manifestsDeleted": [digest], "tagsDeleted": ["v1"]})
    assert clouds.source.registry("DELETE", "/acr/v1/data/gone").status == 404
    assert clouds.source.registry("GET", f"/v2/data/gone/blobs/{digest_of(b'layer')}").status == 404
