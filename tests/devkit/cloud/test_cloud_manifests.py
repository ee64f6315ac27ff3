"""Manifests that cannot be: refused with the specification's codes, and nothing of them is stored or told of."""

import json

import pytest

from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, Clouds, descriptor, digest_of, image, index

LAYER = descriptor(b"layer", "application/vnd.oci.image.layer.v1.tar")
CASES = {
    "nothing": (b"", OCI_MANIFEST, "MANIFEST_INVALID"),
    "no JSON": (b"not json", OCI_MANIFEST, "MANIFEST_INVALID"),
    "no object": (b"[]", OCI_MANIFEST, "MANIFEST_INVALID"),
    "deeper than anybody reads": (b"[" * 100_000, OCI_MANIFEST, "MANIFEST_INVALID"),
    "UTF-16": (image(b"layer").decode().encode("utf-16"), OCI_MANIFEST, "MANIFEST_INVALID"),
    "a byte order mark": (b"\xef\xbb\xbf" + image(b"layer"), OCI_MANIFEST, "MANIFEST_INVALID"),
    "an unknown media type": (image(b"layer"), "application/json", "MANIFEST_INVALID"),
    "another media type than it says": (image(b"layer"), OCI_INDEX, "MANIFEST_INVALID"),
    "schema 1": (image(b"layer").replace(b": 2", b": 1"), OCI_MANIFEST, "MANIFEST_INVALID"),
    "no config": (image(b"layer", config=None), OCI_MANIFEST, "MANIFEST_INVALID"),
    "image and index at once": (image(b"layer", manifests=[]), OCI_MANIFEST, "MANIFEST_INVALID"),
    "layers that are no list": (image(b"layer", layers={}), OCI_MANIFEST, "MANIFEST_INVALID"),
    "a layer without a media type": (image(b"layer", layers=[{**LAYER, "mediaType": None}]), OCI_MANIFEST, "MANIFEST_INVALID"),
    "a layer of a negative size": (image(b"layer", layers=[{**LAYER, "size": -1}]), OCI_MANIFEST, "MANIFEST_INVALID"),
    "layers larger together than SQLite counts": (
        image(b"layer", layers=[{**LAYER, "size": 2**62 - 1}] * 3),
        OCI_MANIFEST,
        "MANIFEST_INVALID",
    ),
    "a layer of no digest": (image(b"layer", layers=[{**LAYER, "digest": "sha256:../.."}]), OCI_MANIFEST, "MANIFEST_INVALID"),
    "a subject that is a text": (image(b"layer", subject="x"), OCI_MANIFEST, "MANIFEST_INVALID"),
    "annotations of numbers": (image(b"layer", annotations={"a": 1}), OCI_MANIFEST, "MANIFEST_INVALID"),
    "an artifact type that is a list": (image(b"layer", artifactType=[]), OCI_MANIFEST, "MANIFEST_INVALID"),
    "a blob that is not there": (image(b"never pushed"), OCI_MANIFEST, "MANIFEST_BLOB_UNKNOWN"),
    "a child that is not there": (index(image(b"never pushed")), OCI_INDEX, "MANIFEST_BLOB_UNKNOWN"),
}


@pytest.fixture(scope="module")
def repository(clouds: Clouds) -> str:
    """Holds the blobs of `image(b"layer")` and nothing more."""
    clouds.source.push_blob("bad/manifests", b"layer")
    clouds.source.push_blob("bad/manifests", b"{}")
    return "bad/manifests"


@pytest.mark.parametrize("content, media_type, code", CASES.values(), ids=CASES.keys())
def test_manifests_that_cannot_be_are_refused(clouds: Clouds, repository: str, content: bytes, media_type: str, code: str) -> None:
    for reference in ("v1", digest_of(content)):
        answer = clouds.source.push_manifest(repository, reference, content, media_type)
        assert (answer.status, answer.code) == (400, code)
    assert_holds_nothing(clouds.source, repository)


def test_a_wrong_digest_is_refused(clouds: Clouds, repository: str) -> None:
    answer = clouds.source.push_manifest(repository, digest_of(b"absent"), image(b"layer"))
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert_holds_nothing(clouds.source, repository)


@pytest.mark.parametrize("tag", [".v1", "-v1", "v1%00", "v1%20", "v1+2", "x" * 129, "%C3%A4"])
def test_a_tag_outside_the_grammar_is_refused(clouds: Clouds, repository: str, tag: str) -> None:
    answer = clouds.source.push_manifest(repository, tag, image(b"layer"))
    assert (answer.status, answer.code) == (400, "TAG_INVALID")
    assert clouds.source.registry("GET", f"/v2/{repository}/manifests/{tag}").code == "NAME_UNKNOWN"


def test_a_manifest_larger_than_four_mebibytes_is_refused(clouds: Clouds) -> None:
    clouds.source.push_image("bad/large")
    fitting = image(b"layer", annotations={"padding": ""})
    fitting = fitting.replace(b'"padding": ""', b'"padding": "' + b"x" * (4 * 1024 * 1024 - len(fitting)) + b'"')
    assert clouds.source.push_manifest("bad/large", "v1", fitting).status == 201
    refused = clouds.source.push_manifest("bad/large", "v2", fitting + b" ")
    assert (refused.status, refused.code) == (413, "SIZE_INVALID")
    assert clouds.source.registry("GET", "/v2/bad/large/tags/list").json["tags"] == ["v1"]


def assert_holds_nothing(cloud: Cloud, repository: str) -> None:
    assert cloud.registry("GET", f"/v2/{repository}/tags/list").code == "NAME_UNKNOWN"
    assert repository not in json.dumps(cloud.control("GET", "events"))
