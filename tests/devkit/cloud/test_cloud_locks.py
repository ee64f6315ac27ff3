"""What is locked cannot be changed, read or listed; each lock is one's own (acr.md 5)."""

import json
from typing import Any

import pytest

from tests.devkit.cloud.running import OCI_MANIFEST, Answer, Cloud, Clouds, digest_of, image


def lock(cloud: Cloud, what: str, **switches: bool) -> dict[str, Any]:
    answer = cloud.registry("PATCH", f"/acr/v1/{what}", body=json.dumps(switches).encode(), headers={"Content-Type": "application/json"})
    assert answer.status == 200, answer.body
    value = answer.json
    found: dict[str, Any] = value.get("tag", value.get("manifest", value))["changeableAttributes"]
    return found


def refused(answer: Answer, status: int = 405) -> bool:
    return answer.status == status and (not answer.body or answer.code == "REGISTRY_DISALLOWED_OPERATION")


@pytest.mark.parametrize("switch", ["deleteEnabled", "writeEnabled"])
def test_either_lock_holds_a_manifest_a_tag_and_a_repository(clouds: Clouds, switch: str) -> None:
    cloud, name = clouds.source, f"locks/{switch.lower()}"
    digest = cloud.push_image(name, "v1")
    for what, path in (
        (f"{name}/_manifests/{digest}", f"/v2/{name}/manifests/{digest}"),
        (f"{name}/_tags/v1", f"/acr/v1/{name}/_tags/v1"),
        (name, f"/acr/v1/{name}"),
    ):
        assert lock(cloud, what, **{switch: False})[switch] is False
        assert refused(cloud.registry("DELETE", path))
        assert refused(cloud.registry("DELETE", f"/acr/v1/{name}"))
        assert lock(cloud, what, **{switch: True})[switch] is True
    assert cloud.registry("DELETE", f"/acr/v1/{name}").status == 202


def test_a_repositorys_lock_holds_all_in_it(clouds: Clouds) -> None:
    cloud = clouds.source
    digest = cloud.push_image("locks/whole", "v1")
    lock(cloud, "locks/whole", writeEnabled=False, readEnabled=False)
    assert refused(cloud.registry("DELETE", f"/v2/locks/whole/manifests/{digest}"))
    assert refused(cloud.registry("DELETE", "/acr/v1/locks/whole/_tags/v1"))
    assert refused(cloud.registry("GET", f"/v2/locks/whole/blobs/{digest_of(b'layer')}"))
    assert refused(cloud.push_manifest("locks/whole", "v2", image(b"layer")))
    assert refused(cloud.registry("GET", "/v2/locks/whole/manifests/v1"))
    lock(cloud, "locks/whole", writeEnabled=True, readEnabled=True)
    assert cloud.registry("DELETE", f"/v2/locks/whole/manifests/{digest}").status == 202


def test_a_locked_tag_stays_where_it_is_and_the_manifests_own_lock_is_another(clouds: Clouds) -> None:
    cloud = clouds.source
    digest = cloud.push_image("locks/tag", "v1")
    cloud.push_image("locks/tag", "v2", layer=b"other")
    lock(cloud, "locks/tag/_tags/v1", writeEnabled=False)
    assert refused(cloud.push_manifest("locks/tag", "v1", image(b"other")))
    assert cloud.push_manifest("locks/tag", "v1", image(b"layer")).status == 201
    assert cloud.registry("GET", "/v2/locks/tag/manifests/v1").headers["Docker-Content-Digest"] == digest
    assert cloud.registry("DELETE", f"/v2/locks/tag/manifests/{digest}").status == 202
    assert cloud.push_manifest("locks/tag", "v1", image(b"other")).status == 201  # the lock went with the tag


def test_what_is_not_to_be_read_is_not_and_an_import_of_it_fails(clouds: Clouds) -> None:
    cloud = clouds.source
    digest = cloud.push_image("locks/read", "v1")
    lock(cloud, "locks/read/_tags/v1", readEnabled=False)
    assert refused(cloud.registry("GET", "/v2/locks/read/manifests/v1"))
    assert cloud.registry("HEAD", f"/v2/locks/read/manifests/{digest}").status == 200
    lock(cloud, f"locks/read/_manifests/{digest}", readEnabled=False)
    assert refused(cloud.registry("HEAD", f"/v2/locks/read/manifests/{digest}"))
    token = next(one for one in cloud.config["registry"]["tokens"] if one["name"] == "pull")
    source = {"registryUri": cloud.login_server, "sourceImage": f"locks/read@{digest}"}
    credentials = {"username": token["name"], "password": token["password"]}
    location = clouds.target.begin_import({"source": {**source, "credentials": credentials}, "targetTags": ["locks/read:v1"]})
    while (answer := clouds.target.poll(location)).status == 202:
        pass
    assert answer.status == 400


def test_what_is_hidden_is_in_no_list(clouds: Clouds) -> None:
    cloud = clouds.source
    first, second = cloud.push_image("locks/hidden", "v1"), cloud.push_image("locks/hidden", "v2", layer=b"other")
    lock(cloud, "locks/hidden/_tags/v1", listEnabled=False)
    lock(cloud, f"locks/hidden/_manifests/{first}", listEnabled=False)
    lock(cloud, "locks/hidden", listEnabled=False)
    assert cloud.registry("GET", "/v2/locks/hidden/tags/list").json["tags"] == ["v2"]
    assert [one["name"] for one in cloud.registry("GET", "/acr/v1/locks/hidden/_tags").json["tags"]] == ["v2"]
    assert [one["digest"] for one in cloud.registry("GET", "/acr/v1/locks/hidden/_manifests").json["manifests"]] == [second]
    assert "locks/hidden" not in cloud.registry("GET", "/acr/v1/_catalog?last=locks/h&n=5").json["repositories"]
    assert cloud.registry("GET", "/v2/locks/hidden/manifests/v1").status == 200


@pytest.mark.parametrize("status", ["405", "403", "409"])
def test_how_a_lock_refuses_is_not_known(clouds: Clouds, status: str) -> None:
    cloud = clouds.source
    control = cloud.controls
    digest = cloud.push_image("locks/status")
    lock(cloud, f"locks/status/_manifests/{digest}", deleteEnabled=False)
    control.set_unknowns(lockStatus=status)
    try:
        assert refused(cloud.registry("DELETE", f"/v2/locks/status/manifests/{digest}"), int(status))
    finally:
        control.set_unknowns(lockStatus="405")


@pytest.mark.parametrize(
    "path, body, status",
    [
        ("locks/patch/_tags/v1", b'{"writeEnabled": 1}', 400),
        ("locks/patch/_tags/v1", b"[]", 400),
        ("locks/patch/_tags/v1", b"nonsense", 400),
        ("locks/patch/_tags/absent", b"{}", 404),
        (f"locks/patch/_manifests/{digest_of(b'absent')}", b"{}", 404),
        ("locks/absent", b"{}", 404),
        ("locks/absent/_tags/v1", b"{}", 404),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(clouds: Clouds, path: str, body: bytes, status: int) -> None:
    clouds.source.push_image("locks/patch", "v1")
    assert clouds.source.registry("PATCH", f"/acr/v1/{path}", body=body).status == status
    assert clouds.source.registry("PATCH", f"/acr/v1/{path}", body=body, user="pull").status == 401
    assert clouds.source.registry("GET", "/acr/v1/locks/patch/_tags/v1").json["tag"]["changeableAttributes"]["writeEnabled"] is True


def test_lists_by_time_go_on_where_a_page_ended(clouds: Clouds) -> None:
    cloud = clouds.source
    for name in ("c", "a", "d", "b"):
        cloud.push_image("locks/times", name, layer=name.encode())
    for order, wanted in (("timeasc", ["c", "a", "d", "b"]), ("timedesc", ["b", "d", "a", "c"]), ("none", ["a", "b", "c", "d"])):
        path: str | None = f"/acr/v1/locks/times/_tags?n=1&orderby={order}"
        names: list[str] = []
        while path is not None and len(names) < 9:
            answer = cloud.registry("GET", path)
            names += [one["name"] for one in answer.json["tags"]]
            link = answer.headers.get("Link")
            path = None if link is None else link[1 : link.index(">")]
        assert names == wanted
    by_time = cloud.registry("GET", "/acr/v1/locks/times/_manifests?orderby=timedesc").json["manifests"]
    assert [one["tags"] for one in by_time] == [["b"], ["d"], ["a"], ["c"]]
    digest = by_time[0]["digest"]
    assert [one["name"] for one in cloud.registry("GET", f"/acr/v1/locks/times/_tags?digest={digest}&orderby=timeasc").json["tags"]] == [
        "b"
    ]
    assert cloud.registry("GET", "/acr/v1/locks/times/_tags?orderby=name").status == 400


def test_attributes_tell_platforms_configs_and_references(clouds: Clouds) -> None:
    cloud = clouds.source
    config = b'{"architecture": "arm64", "os": "linux"}'
    described = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": cloud.push_blob("locks/said", config),
        "size": len(config),
    }
    cloud.push_blob("locks/said", b"layer")
    content = image(b"layer", config=described)
    assert cloud.push_manifest("locks/said", "image", content).status == 201
    child = {
        "mediaType": OCI_MANIFEST,
        "digest": digest_of(content),
        "size": len(content),
        "platform": {"architecture": "arm64", "os": "linux"},
    }
    listed = json.dumps({"schemaVersion": 2, "manifests": [child]}).encode()
    assert cloud.push_manifest("locks/said", "index", listed, "application/vnd.oci.image.index.v1+json").status == 201
    said = {tag: cloud.registry("GET", f"/acr/v1/locks/said/_manifests/{digest_of(one)}").json["manifest"] for tag, one in
            (("image", content), ("index", listed))}  # fmt: skip
    assert [said["image"][name] for name in ("architecture", "os", "configMediaType")] == ["arm64", "linux", described["mediaType"]]
    assert said["index"]["references"] == [{"digest": digest_of(content), "architecture": "arm64", "os": "linux"}]
    assert "configMediaType" not in said["index"] and "references" not in said["image"]
