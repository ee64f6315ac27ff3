"""A registry that sends those who pull a blob to a data endpoint (acr.md 5)."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from devkit.local import faults
from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.running import Answer, Cloud, Clouds, MakeClouds, digest_of

LAYER = b"a layer at the data endpoint"
BLOB = f"/v2/data/sent/blobs/{digest_of(LAYER)}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    made = MakeClouds(tmp_path_factory.mktemp("data"), tls)("data", unknowns={"blobRedirect": "data_endpoint"})
    made.config["ports"]["data"] = free_ports(1)[0]
    made.start()
    made.push_image("data/sent", "v1", layer=LAYER)
    yield made
    assert made.stop() == 0
    assert "Traceback" not in made.log.read_text(), made.log.read_text()


def location(cloud: Cloud) -> str:
    sent = cloud.registry("GET", BLOB)
    assert (sent.status, sent.body, sent.headers["Docker-Content-Digest"]) == (307, b"", digest_of(LAYER))
    parts = urlsplit(sent.headers["Location"])
    assert parts.netloc == f"127.0.0.1:{cloud.config['ports']['data']}"
    return f"{parts.path}?{parts.query}"


def fetch(cloud: Cloud, path: str, **headers: str) -> Answer:
    return cloud.call("data", "GET", path, headers=headers)


def test_a_reader_is_sent_to_a_url_that_is_its_own_permission(cloud: Cloud) -> None:
    path = location(cloud)
    assert fetch(cloud, path).body == LAYER
    assert (fetch(cloud, path, Range="bytes=2-6").status, fetch(cloud, path, Range="bytes=2-6").body) == (206, LAYER[2:7])
    assert cloud.registry("HEAD", BLOB).headers["Content-Length"] == str(len(LAYER))
    assert cloud.registry("GET", BLOB, user="pull").status == 307


def test_it_is_refused_with_a_token_beside_altered_or_too_late(cloud: Cloud) -> None:
    path = location(cloud)
    with_token = fetch(cloud, path, Authorization=cloud.basic("all"))
    assert (with_token.status, with_token.headers["x-ms-error-code"]) == (400, "InvalidAuthenticationInfo")
    for altered in (path.partition("?")[0], path.replace("se=", "se=9"), path + "x", path.replace(digest_of(LAYER), digest_of(b"{}"))):
        assert fetch(cloud, altered).status == 403
    cloud.controls.set_clock(advance_seconds=1200)
    assert b"Signed expiry time" in fetch(cloud, path).body
    assert fetch(cloud, location(cloud)).body == LAYER


def test_an_import_follows_it(cloud: Cloud, clouds: Clouds) -> None:
    token = cloud.config["registry"]["tokens"][1]
    credentials = {"username": token["name"], "password": token["password"]}
    source = {"registryUri": cloud.login_server, "sourceImage": "data/sent:v1", "credentials": credentials}
    operation = clouds.target.begin_import({"source": source, "targetTags": ["data/sent:v1"]})
    deadline = time.monotonic() + 20
    while (answer := clouds.target.poll(operation)).status == 202 and time.monotonic() < deadline:
        pass
    assert answer.status == 200, answer.body
    assert clouds.target.registry("GET", BLOB).body == LAYER


def test_without_the_port_it_says_what_is_missing(clouds: Clouds) -> None:
    cloud = clouds.source
    cloud.push_image("data/portless", layer=LAYER)
    control = cloud.controls
    control.set_unknowns(blobRedirect="data_endpoint")
    try:
        refused = cloud.registry("GET", f"/v2/data/portless/blobs/{digest_of(LAYER)}")
        assert (refused.status, b"port data" in refused.body) == (500, True)
    finally:
        control.set_unknowns(blobRedirect="none")


def test_faults_befall_it_too(cloud: Cloud) -> None:
    with behaving(cloud) as control:
        wrong = control.impose(faults.wrong_bytes(at=0), on=faults.calls("data", "GET"), times=1)
        control.impose(faults.status(503), on=faults.calls("data"), times=1, name="busy")
        busy = fetch(cloud, location(cloud))
        assert (busy.status, busy.headers["x-ms-error-code"]) == (503, "ServerBusy")
        assert fetch(cloud, location(cloud)).body == bytes([LAYER[0] ^ 1]) + LAYER[1:]
        assert [one["service"] for one in control.requests(fault=wrong)] == ["data"]
