"""The data plane by the letter of the distribution API and of ACR's own."""

import contextlib
import http.client
import json
from typing import Any

import pytest

from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, Clouds, digest_of, image, index

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
            assert one.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
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
    "name",
    [
        *("../etc", "a/../b", "a//b", "A", "a%2F..%2Fb", "a/%2e%2e/b", "a%00", "a%0Ab", "-a", "a__.b", "x" * 256, "a%5Cb", "ä"),
        *("a%252e%252e", "%2e%2e%2fetc", "a/./b", "%ff", "a;b", "a%20b", "a:b", "_catalog", "a/_catalog"),
    ],
)
def test_names_outside_the_grammar_are_refused(clouds: Clouds, name: str) -> None:
    name = name.replace("ä", "%C3%A4")
    for path in (f"/v2/{name}/manifests/v1", f"/v2/{name}/blobs/{ABSENT}", f"/v2/{name}/tags/list", f"/acr/v1/{name}/_tags"):
        answer = clouds.source.registry("GET", path)
        assert (answer.status, answer.code) == (400, "NAME_INVALID"), path
    for method, path in (("PUT", f"/v2/{name}/manifests/v1"), ("POST", f"/v2/{name}/blobs/uploads/"), ("DELETE", f"/acr/v1/{name}")):
        answer = clouds.source.registry(method, path, body=b"{}")
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


def test_a_wrong_digest_is_refused(clouds: Clouds) -> None:
    source = clouds.source
    source.push_image("data/digest")
    refused = source.push_manifest("data/digest", ABSENT, image(b"layer"))
    assert (refused.status, refused.code) == (400, "DIGEST_INVALID")
    refused = source.registry("POST", f"/v2/data/digest/blobs/uploads/?digest={ABSENT}", body=b"present")
    assert (refused.status, refused.code) == (400, "DIGEST_INVALID")
    assert source.registry("HEAD", f"/v2/data/digest/blobs/{ABSENT}").status == 404


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


def pages(cloud: Cloud, path: str, key: str) -> list[Any]:
    found, link = [], f"<{path}>"
    while link:
        answer = cloud.registry("GET", link[1 : link.index(">")])
        found.append(answer.json[key])
        link = answer.headers.get("Link") or ""
    return found


def test_lists_go_on_by_link(clouds: Clouds) -> None:
    source = clouds.source
    for tag in ("c", "a", "b"):
        source.push_image("data/list", tag)
    other = source.push_image("data/list", "other", layer=b"another")
    assert pages(source, "/v2/data/list/tags/list?n=3", "tags") == [["a", "b", "c"], ["other"]]
    assert [[tag["name"] for tag in page] for page in pages(source, "/acr/v1/data/list/_tags?n=2", "tags")] == [["a", "b"], ["c", "other"]]
    assert [tag["name"] for page in pages(source, f"/acr/v1/data/list/_tags?n=1&digest={other}", "tags") for tag in page] == ["other"]
    assert len(pages(source, "/acr/v1/data/list/_manifests?n=1", "manifests")) == 2
    assert "data/list" in [name for page in pages(source, "/acr/v1/_catalog?n=1", "repositories") for name in page]
    assert source.registry("GET", "/v2/data/list/tags/list?n=0").json["tags"] == []
    assert source.registry("GET", "/v2/data/list/tags/list?n=x").code == "PAGINATION_NUMBER_INVALID"


def test_a_thousand_tags_come_a_hundred_at_a_time(clouds: Clouds) -> None:
    source, repository, content = clouds.source, "data/many", image(b"layer")
    source.push_image(repository)
    names = [f"v{number:04}" for number in range(1050)]
    with contextlib.closing(http.client.HTTPSConnection("localhost", source.config["ports"]["registry"], context=source.context)) as line:
        for name in names:
            line.request("PUT", f"/v2/{repository}/manifests/{name}", content, {"Authorization": source.basic("all")})
            answer = line.getresponse()
            assert (answer.status, answer.read()) == (201, b"")
    for path, named in ((f"/v2/{repository}/tags/list", str), (f"/acr/v1/{repository}/_tags", lambda tag: tag["name"])):
        for query in ("", "?n=1000", "?n=999999999"):
            first = source.registry("GET", path + query)
            assert [named(tag) for tag in first.json["tags"]] == names[:100], query
            assert first.headers["Link"] == f'<{path}?last=v0099&n=100>; rel="next"'
        assert [named(tag) for page in pages(source, path, "tags") for tag in page] == names
    assert source.registry("GET", f"/v2/{repository}/tags/list?n=1&last=v1048").json["tags"] == names[1049:]


def test_foreign_layers_need_not_be_there(clouds: Clouds) -> None:
    clouds.source.push_image("data/foreign")
    manifest = json.loads(image(b"at its vendor's"))
    manifest["layers"][0]["urls"] = ["https://vendor.example/layer"]
    assert clouds.source.push_manifest("data/foreign", "v1", json.dumps(manifest).encode()).status == 201


def test_methods_that_a_path_does_not_know_are_405(clouds: Clouds) -> None:
    answer = clouds.source.registry("POST", "/acr/v1/data/app/_tags/v1")
    assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "UNSUPPORTED", "DELETE, GET, PATCH")
