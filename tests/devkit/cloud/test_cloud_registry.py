"""The data plane by the letter of the distribution API and of ACR's own."""

import json
from typing import Any

import pytest

from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Clouds, digest_of, image, index

ABSENT = digest_of(b"absent")


def test_what_was_pushed_is_pulled_back(clouds: Clouds) -> None:
    source, content = clouds.source, image(b"layer")
    digest = source.push_image("data/app", "v1")
    for reference in ("v1", digest):
        answer = source.registry("GET", f"/v2/data/app/manifests/{reference}")
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, content, OCI_MANIFEST)
        head = source.registry("HEAD", f"/v2/data/app/manifests/{reference}")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(content)))
        for one in (answer, head):
            assert one.headers["Docker-Content-Digest"] == digest
            assert one.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    blob = source.registry("HEAD", f"/v2/data/app/blobs/{digest_of(b'layer')}")
    assert (blob.status, blob.headers["Content-Length"], blob.headers["Docker-Content-Digest"]) == (200, "5", digest_of(b"layer"))
    part = source.registry("GET", f"/v2/data/app/blobs/{digest_of(b'layer')}", headers={"Range": "bytes=1-2"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"ay", "bytes 1-2/5")


def test_a_too_narrow_accept_is_answered_as_if_there_were_nothing(clouds: Clouds) -> None:
    clouds.source.push_image("data/accept")
    assert clouds.source.push_manifest("data/accept", "v1", index(image(b"layer")), OCI_INDEX).status == 201
    for accept, status in ((OCI_MANIFEST, 404), (f"{OCI_MANIFEST}, {OCI_INDEX};q=0.5", 200), ("*/*", 200)):
        answer = clouds.source.registry("GET", "/v2/data/accept/manifests/v1", headers={"Accept": accept})
        assert answer.status == status, accept
    assert clouds.source.registry("HEAD", "/v2/data/accept/manifests/v1", headers={"Accept": OCI_MANIFEST}).body == b""


@pytest.mark.parametrize(
    "path, code",
    [
        ("/v2/data/nowhere/manifests/v1", "NAME_UNKNOWN"),
        ("/v2/data/nowhere/tags/list", "NAME_UNKNOWN"),
        ("/acr/v1/data/nowhere/_tags", "NAME_UNKNOWN"),
        ("/v2/data/absent/manifests/v2", "MANIFEST_UNKNOWN"),
        ("/v2/data/absent/manifests/.INVALID_MANIFEST_NAME", "MANIFEST_UNKNOWN"),
        (f"/v2/data/absent/manifests/{ABSENT}", "MANIFEST_UNKNOWN"),
        (f"/acr/v1/data/absent/_manifests/{ABSENT}", "MANIFEST_UNKNOWN"),
        (f"/v2/data/absent/blobs/{ABSENT}", "BLOB_UNKNOWN"),
        ("/acr/v1/data/absent/_tags/v2", "TAG_UNKNOWN"),
        ("/v2/data/absent/blobs/uploads/none", "BLOB_UPLOAD_UNKNOWN"),
        ("/other", "NOT_FOUND"),
    ],
)
def test_absence_is_a_404_with_its_code(clouds: Clouds, path: str, code: str) -> None:
    clouds.source.push_image("data/absent", "v1")
    answer = clouds.source.registry("GET", path)
    assert (answer.status, answer.code) == (404, code)
    if "uploads" not in path and "/_" not in path and "tags" not in path:
        head = clouds.source.registry("HEAD", path)
        assert (head.status, head.body) == (404, b"")


@pytest.mark.parametrize(
    "name", ["../etc", "a/../b", "a//b", "A", "a%2F..%2Fb", "a/%2e%2e/b", "a%00", "a%0Ab", "-a", "a__.b", "x" * 256, "a%5Cb", "ä"]
)
def test_names_outside_the_grammar_are_refused(clouds: Clouds, name: str) -> None:
    name = name.replace("ä", "%C3%A4")
    for path in (f"/v2/{name}/manifests/v1", f"/v2/{name}/blobs/{ABSENT}", f"/v2/{name}/tags/list", f"/acr/v1/{name}/_tags"):
        answer = clouds.source.registry("GET", path)
        assert (answer.status, answer.code) == (400, "NAME_INVALID"), path


@pytest.mark.parametrize("digest", ["sha256:..", "sha256:ABC", "sha512:" + "0" * 128, "..", "sha256:" + "0" * 63 + "%0A"])
def test_digests_outside_the_grammar_are_refused(clouds: Clouds, digest: str) -> None:
    answer = clouds.source.registry("GET", f"/v2/data/app/blobs/{digest}")
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_a_digest_cannot_lead_out_of_the_folder(clouds: Clouds) -> None:
    assert clouds.source.registry("GET", "/v2/data/app/blobs/sha256:..%2F..%2Fcloud.db").status == 404


def test_a_name_may_come_percent_encoded_as_the_sdks_send_it(clouds: Clouds) -> None:
    digest = clouds.source.push_image("data/encoded", "v1")
    encoded = digest.replace(":", "%3A")
    assert clouds.source.registry("GET", f"/acr/v1/data%2Fencoded/_manifests/{encoded}").json["manifest"]["tags"] == ["v1"]


@pytest.mark.parametrize(
    "content, media_type, code",
    [
        pytest.param(b"not json", OCI_MANIFEST, "MANIFEST_INVALID", id="no JSON"),
        pytest.param(b"[]", OCI_MANIFEST, "MANIFEST_INVALID", id="no object"),
        pytest.param(image(b"layer"), "application/json", "MANIFEST_INVALID", id="an unknown media type"),
        pytest.param(image(b"layer"), OCI_INDEX, "MANIFEST_INVALID", id="another media type than it says"),
        pytest.param(image(b"layer").replace(b": 2", b": 1"), OCI_MANIFEST, "MANIFEST_INVALID", id="schema 1"),
        pytest.param(image(b"never pushed"), OCI_MANIFEST, "MANIFEST_BLOB_UNKNOWN", id="a blob that is not there"),
        pytest.param(index(image(b"never pushed")), OCI_INDEX, "MANIFEST_BLOB_UNKNOWN", id="a child that is not there"),
    ],
)
def test_manifests_that_cannot_be_are_refused(clouds: Clouds, content: bytes, media_type: str, code: str) -> None:
    clouds.source.push_image("data/refused")
    answer = clouds.source.push_manifest("data/refused", "v1", content, media_type)
    assert (answer.status, answer.code) == (400, code)


def test_a_wrong_digest_is_refused(clouds: Clouds) -> None:
    source = clouds.source
    source.push_image("data/digest")
    refused = source.push_manifest("data/digest", ABSENT, image(b"layer"))
    assert (refused.status, refused.code) == (400, "DIGEST_INVALID")
    refused = source.registry("POST", f"/v2/data/digest/blobs/uploads/?digest={ABSENT}", body=b"present")
    assert (refused.status, refused.code) == (400, "DIGEST_INVALID")
    assert source.registry("HEAD", f"/v2/data/digest/blobs/{ABSENT}").status == 404


def test_a_manifest_larger_than_four_mebibytes_is_refused(clouds: Clouds) -> None:
    clouds.source.push_image("data/large")
    fitting = image(b"layer", annotations={"padding": ""})
    fitting = fitting.replace(b'"padding": ""', b'"padding": "' + b"x" * (4 * 1024 * 1024 - len(fitting)) + b'"')
    assert clouds.source.push_manifest("data/large", "v1", fitting).status == 201
    assert clouds.source.push_manifest("data/large", "v1", fitting + b" ").status == 413


def test_a_blob_may_come_in_chunks_in_order(clouds: Clouds) -> None:
    source, content = clouds.source, b"0123456789"
    begun = source.registry("POST", "/v2/data/chunks/blobs/uploads/")
    assert (begun.status, begun.headers["Range"], begun.headers["Content-Length"]) == (202, "0-0", "0")
    location = begun.headers["Location"]
    first = source.registry("PATCH", location, body=content[:4], headers={"Content-Range": "0-3"})
    assert (first.status, first.headers["Range"]) == (202, "0-3")
    early = source.registry("PATCH", location, body=content[7:], headers={"Content-Range": "7-9"})
    assert (early.status, early.headers["Range"]) == (416, "0-3")
    status = source.registry("GET", location)
    assert (status.status, status.headers["Range"]) == (204, "0-3")
    assert source.registry("PATCH", location, body=content[4:7], headers={"Content-Range": "4-6"}).status == 202
    ended = source.registry("PUT", f"{location}?digest={digest_of(content)}", body=content[7:], headers={"Content-Range": "7-9"})
    assert (ended.status, ended.headers["Location"]) == (201, f"/v2/data/chunks/blobs/{digest_of(content)}")
    assert source.registry("GET", ended.headers["Location"]).body == content
    assert source.registry("GET", location).status == 404


def test_an_upload_may_be_cancelled_and_belongs_to_its_repository(clouds: Clouds) -> None:
    location = clouds.source.registry("POST", "/v2/data/cancelled/blobs/uploads/").headers["Location"]
    assert clouds.source.registry("PATCH", location.replace("cancelled", "other"), body=b"x").status == 404
    assert clouds.source.registry("DELETE", location).status == 204
    assert clouds.source.registry("PATCH", location, body=b"x").status == 404


def test_a_blob_is_mounted_from_a_repository_that_has_it(clouds: Clouds) -> None:
    source, digest = clouds.source, clouds.source.push_blob("data/mine", b"mounted")
    assert source.registry("GET", f"/v2/data/yours/blobs/{digest}").status == 404
    assert source.registry("POST", f"/v2/data/yours/blobs/uploads/?mount={ABSENT}&from=data/mine").status == 202
    assert source.registry("POST", f"/v2/data/yours/blobs/uploads/?mount={digest}").status == 202
    mounted = source.registry("POST", f"/v2/data/yours/blobs/uploads/?mount={digest}&from=data/mine")
    assert (mounted.status, mounted.headers["Location"]) == (201, f"/v2/data/yours/blobs/{digest}")
    assert source.registry("GET", f"/v2/data/yours/blobs/{digest}").body == b"mounted"


def test_lists_go_on_by_link(clouds: Clouds) -> None:
    source = clouds.source
    for tag in ("c", "a", "b"):
        source.push_image("data/list", tag)
    other = source.push_image("data/list", "other", layer=b"another")

    def pages(path: str, key: str) -> list[Any]:
        found, link = [], f"<{path}>"
        while link:
            answer = source.registry("GET", link[1 : link.index(">")])
            found.append(answer.json[key])
            link = answer.headers.get("Link") or ""
        return found

    assert pages("/v2/data/list/tags/list?n=3", "tags") == [["a", "b", "c"], ["other"]]
    assert [[tag["name"] for tag in page] for page in pages("/acr/v1/data/list/_tags?n=2", "tags")] == [["a", "b"], ["c", "other"]]
    assert [tag["name"] for page in pages(f"/acr/v1/data/list/_tags?n=1&digest={other}", "tags") for tag in page] == ["other"]
    assert len(pages("/acr/v1/data/list/_manifests?n=1", "manifests")) == 2
    assert "data/list" in [name for page in pages("/acr/v1/_catalog?n=1", "repositories") for name in page]
    assert source.registry("GET", "/v2/data/list/tags/list?n=0").json["tags"] == []
    assert source.registry("GET", "/v2/data/list/tags/list?n=x").code == "PAGINATION_NUMBER_INVALID"


def test_a_page_holds_a_hundred_at_most(clouds: Clouds) -> None:
    source, repository = clouds.source, "data/many"
    source.push_image(repository)
    names = [f"v{number:03}" for number in range(201)]
    for name in names:
        assert source.push_manifest(repository, name, image(b"layer")).status == 201
    for path, named in ((f"/v2/{repository}/tags/list", str), (f"/acr/v1/{repository}/_tags", lambda tag: tag["name"])):
        for query in ("", "?n=1000", "?n=999999999"):
            first = source.registry("GET", path + query)
            assert [named(tag) for tag in first.json["tags"]] == names[:100], query
            link = first.headers["Link"]
            assert link == f'<{path}?last=v099&n=100>; rel="next"'
            second = source.registry("GET", link[1 : link.index(">")])
            assert [named(tag) for tag in second.json["tags"]] == names[100:200]
    assert source.registry("GET", f"/v2/{repository}/tags/list?last=v199").json["tags"] == names[200:]


def test_foreign_layers_need_not_be_there(clouds: Clouds) -> None:
    clouds.source.push_image("data/foreign")
    manifest = json.loads(image(b"at its vendor's"))
    manifest["layers"][0]["urls"] = ["https://vendor.example/layer"]
    assert clouds.source.push_manifest("data/foreign", "v1", json.dumps(manifest).encode()).status == 201


def test_methods_that_a_path_does_not_know_are_405(clouds: Clouds) -> None:
    answer = clouds.source.registry("PATCH", "/acr/v1/data/app/_tags/v1")
    assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "UNSUPPORTED", "DELETE, GET")
