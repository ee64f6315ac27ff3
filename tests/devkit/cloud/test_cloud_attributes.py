"""`/acr/v1`, beside what test_cloud_locks.py has of it: lists that change while they are read, and configs that are none."""

import json

from tests.devkit.cloud.running import OCI_MANIFEST, Cloud, descriptor

CONFIG = "application/vnd.oci.image.config.v1+json"


def test_a_config_may_be_anything(acr: Cloud) -> None:
    for place, config in enumerate((b"", b"[]", b'{"architecture": 1, "os": ""}', b"\xff", b"[" * 100_000)):
        content = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(config, CONFIG), "layers": []}).encode()
        acr.push_blob("attributes/odd", config)
        assert acr.push_manifest("attributes/odd", f"v{place}", content).status == 201
    answer = acr.registry("GET", "/acr/v1/attributes/odd/_manifests")
    assert (answer.status, len(answer.json["manifests"])) == (200, 5)
    assert not any({"architecture", "os"} & one.keys() for one in answer.json["manifests"])


def test_lists_are_no_snapshots(acr: Cloud) -> None:
    for tag in ("a", "b", "c"):
        acr.push_image("attributes/moving", tag, layer=tag.encode())
    link = acr.registry("GET", "/acr/v1/attributes/moving/_tags?orderby=timedesc&n=1").headers["Link"]
    assert acr.registry("DELETE", "/acr/v1/attributes/moving/_tags/c").status == 202  # where the page ended: it goes on where that stood
    acr.push_image("attributes/moving", "a", layer=b"a")  # moves ahead, so that nobody sees it
    rest = acr.registry("GET", link[1 : link.index(">")])
    assert ([one["name"] for one in rest.json["tags"]], rest.headers.get("Link")) == (["b"], None)


def test_a_page_holds_a_hundred_at_most(acr: Cloud) -> None:
    acr.push_image("attributes/many", "t000")
    manifest = acr.registry("GET", "/v2/attributes/many/manifests/t000").body
    for number in range(1, 102):
        assert acr.push_manifest("attributes/many", f"t{number:03}", manifest).status == 201
    for path in ("/acr/v1/attributes/many/_tags", "/v2/attributes/many/tags/list"):
        assert [len(acr.registry("GET", f"{path}{asked}").json["tags"]) for asked in ("", "?n=100", "?n=5000")] == [100, 100, 100]
