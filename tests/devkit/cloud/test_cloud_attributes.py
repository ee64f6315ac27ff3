"""`/acr/v1`, beside what test_cloud_locks.py has of it: lists that change while they are read, and configs that are none."""

import http.client
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.devkit.cloud.running import OCI_MANIFEST, Cloud, MakeCloud, descriptor
from tests.devkit.process import PATIENCE

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


def test_what_goes_while_a_change_of_it_comes_in_has_no_lock_left(acr: Cloud) -> None:
    """Or the same, pushed again, would be locked."""
    digest = acr.push_image("attributes/race", "v1")
    acr.push_image("attributes/race", "v2", layer=b"stays")
    for what, gone in (
        (f"_manifests/{digest}", f"/v2/attributes/race/manifests/{digest}"),
        ("_tags/v2", "/acr/v1/attributes/race/_tags/v2"),
    ):
        body = b'{"writeEnabled": false}'
        connection = http.client.HTTPSConnection("localhost", acr.config["ports"]["registry"], timeout=PATIENCE, context=acr.context)
        connection.putrequest("PATCH", f"/acr/v1/attributes/race/{what}")
        for name, value in {"Authorization": acr.basic("all"), "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 100 ")  # the cloud has begun with it, and waits for the body
        assert acr.registry("DELETE", gone).status == 202
        connection.send(body)
        assert connection.getresponse().status == 404
        connection.close()
    for tag, layer in (("v1", b"layer"), ("v2", b"stays")):
        acr.push_image("attributes/race", tag, layer=layer)
    for what in (f"_manifests/{digest}", "_tags/v2"):
        (attributes,) = (value for value in acr.registry("GET", f"/acr/v1/attributes/race/{what}").json.values() if isinstance(value, dict))
        assert attributes["changeableAttributes"]["writeEnabled"] is True


def test_an_untagging_that_fails_has_changed_nothing(make_cloud: MakeCloud) -> None:
    cloud, tag = make_cloud("untagging").start(), "/acr/v1/attributes/app/_tags/v1"
    cloud.push_image("attributes/app", "v1")
    assert cloud.registry("PATCH", tag, body=b'{"readEnabled": false}').status == 200
    with closing(sqlite3.connect(Path(cloud.config["state"]) / "cloud.db")) as database:
        database.execute("CREATE TRIGGER full BEFORE UPDATE ON tags BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    assert cloud.registry("DELETE", tag).status == 500
    assert cloud.registry("GET", tag).json["tag"]["changeableAttributes"]["readEnabled"] is False
