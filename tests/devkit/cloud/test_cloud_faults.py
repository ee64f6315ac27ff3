"""Faults of calls: each kind as a client meets it."""

import contextlib
import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl
from tests.devkit.cloud.faulty import answer_or_cut, behaving, look
from tests.devkit.cloud.receiving import until
from tests.devkit.cloud.running import API, OCI_MANIFEST, Cloud, Clouds, MakeCloud, digest_of, image


@pytest.fixture
def cloud(clouds: Clouds) -> Cloud:
    return clouds.target


@pytest.fixture
def control(cloud: Cloud) -> Iterator[CloudControl]:
    with behaving(cloud) as control:
        yield control


def put(cloud: Cloud, repository: str, tag: str = "v1") -> int | None:
    """An image whose parts are there; None if there was no answer."""
    path = f"/v2/{repository}/manifests/{tag}"
    answer = answer_or_cut(lambda: cloud.registry("PUT", path, body=image(b"layer"), headers={"Content-Type": OCI_MANIFEST}))
    return None if answer is None else answer.status


def test_throttling_comes_in_the_words_of_each_service(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/busy", "v1")
    for service in ("registry", "arm", "entra"):
        control.impose(faults.status(429, retry_after=30), on=faults.calls(service), name=service)
    registry = cloud.registry("GET", "/v2/faults/busy/manifests/v1")
    assert (registry.status, registry.headers["Retry-After"], registry.code) == (429, "30", "TOOMANYREQUESTS")
    entra = cloud.entra_token()
    assert (entra.status, entra.json["error"]) == (429, "temporarily_unavailable")
    control.lift("entra")
    arm = cloud.arm("GET", f"{cloud.registry_id}?{API}")
    assert (arm.status, arm.headers["Retry-After"], arm.code) == (429, "30", "TooManyRequests")


def test_a_proxy_s_page_is_not_the_registry_s_word(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/paged", "v1")
    control.impose(faults.proxy_page(404), on=faults.registry("GET", faults.manifests("faults/paged")), times=1)
    answer = cloud.registry("GET", "/v2/faults/paged/manifests/v1")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (404, "text/html")
    assert answer.body.startswith(b"<html>")
    assert look(cloud, "faults/paged") == 200


def test_a_call_that_is_cut_off_has_had_no_effect_and_a_lost_answer_has(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/cut")
    early = control.impose(faults.reset(), on=faults.registry("PUT", faults.manifests("faults/cut", "early")))
    late = control.impose(faults.lost_answer(), on=faults.registry("PUT", faults.manifests("faults/cut", "late")))
    assert (put(cloud, "faults/cut", "early"), put(cloud, "faults/cut", "late")) == (None, None)
    assert (look(cloud, "faults/cut", "early"), look(cloud, "faults/cut", "late")) == (404, 200)
    assert [one["status"] for rule in (early, late) for one in control.requests(fault=rule)] == [444, 444]


def test_a_body_is_cut_in_the_middle(cloud: Cloud, control: CloudControl) -> None:
    layer = bytes(range(256)) * 4096
    digest = cloud.push_blob("faults/halved", layer)
    control.impose(faults.reset_in_body(700_000), on=faults.registry("GET", "/v2/faults/halved/blobs/.*"))
    connection = http.client.HTTPSConnection("localhost", cloud.config["ports"]["registry"], context=cloud.context, timeout=20)
    connection.request("GET", f"/v2/faults/halved/blobs/{digest}", headers={"Authorization": cloud.basic("all")})
    response, received = connection.getresponse(), b""
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        while piece := response.read(1000):
            received += piece
        raise http.client.IncompleteRead(received)
    connection.close()
    assert response.headers["Content-Length"] == str(len(layer))
    assert layer.startswith(received)
    assert 0 < len(received) <= 700_000


def test_a_cut_short_body_may_look_whole(cloud: Cloud, control: CloudControl) -> None:
    digest = cloud.push_image("faults/short", "v1")
    control.impose(faults.truncated(20), on=faults.registry(None, faults.manifests("faults/short")))
    answer = cloud.registry("GET", "/v2/faults/short/manifests/v1")
    assert (answer.status, answer.headers["Docker-Content-Digest"], answer.body) == (200, digest, image(b"layer")[:20])


@pytest.mark.parametrize("what", ["manifests", "blobs"])
def test_one_bit_is_wrong_under_the_right_headers(cloud: Cloud, control: CloudControl, what: str) -> None:
    cloud.push_image("faults/flipped", "v1")
    content = image(b"layer") if what == "manifests" else b"layer"
    control.impose(faults.wrong_bytes(at=2), on=faults.registry("GET", f"/v2/faults/flipped/{what}/.*"))
    answer = cloud.registry("GET", f"/v2/faults/flipped/{what}/{digest_of(content)}")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (200, digest_of(content))
    assert answer.body == content[:2] + bytes([content[2] ^ 1]) + content[3:]


def test_latency_and_bandwidth_are_of_the_cloud_s_time(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("slow").start()
    digest = cloud.push_blob("faults/slow", b"x" * 1000)
    with behaving(cloud) as control:
        control.impose(faults.latency(0.2), on=faults.registry("HEAD"))
        control.impose(faults.bandwidth(5000), on=faults.registry("GET"))
        for method in ("HEAD", "GET"):
            began = time.monotonic()
            assert cloud.registry(method, f"/v2/faults/slow/blobs/{digest}").status == 200
            assert time.monotonic() - began >= 0.2
        control.set_clock(scale=3600)
        control.impose(faults.latency(1800), on=faults.arm("GET"))  # half an hour in half a second
        assert cloud.arm("GET", f"{cloud.registry_id}?{API}").status == 200


def test_an_answer_may_be_on_its_way_long_after_the_call_took_effect(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("pensive").start()
    cloud.push_image("faults/pensive")
    with behaving(cloud) as control, ThreadPoolExecutor(1) as other:
        control.impose(faults.latency(3600, "after"), on=faults.registry("PUT"))
        answer = other.submit(put, cloud, "faults/pensive")
        until(lambda: look(cloud, "faults/pensive"), lambda status: status == 200)
        assert not answer.done()
        control.set_clock(advance_seconds=3600)
        assert answer.result() == 201


def test_a_replica_that_lags_answers_what_was_true(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("lagging").start()
    cloud.push_image("faults/stale", "v1")
    with behaving(cloud) as control:
        control.set_clock(advance_seconds=100)
        digest = cloud.push_image("faults/stale", "v2", layer=b"newer")
        control.set_clock(advance_seconds=5)
        rule = control.impose(faults.stale_read(50), on=faults.registry())
        assert [look(cloud, "faults/stale", reference) for reference in ("v1", "v2", digest)] == [200, 404, 404]
        assert cloud.registry("GET", "/v2/faults/stale/tags/list").json["tags"] == ["v1"]
        assert [one["name"] for one in cloud.registry("GET", "/acr/v1/faults/stale/_tags").json["tags"]] == ["v1"]
        control.set_clock(advance_seconds=50)
        assert cloud.registry("GET", "/v2/faults/stale/tags/list").json["tags"] == ["v1", "v2"]
        assert (control.fired(rule), control.landed(rule)) == (6, 4)  # of the first and the last the truth would have been no other answer


@pytest.mark.parametrize("answer, status", [("reset", None), ("timeout", 504), ("success", 201)])
def test_a_write_lands_when_its_caller_has_long_been_answered(
    make_cloud: MakeCloud, answer: Literal["reset", "timeout", "success"], status: int | None
) -> None:
    cloud = make_cloud("tardy").start()
    digest = cloud.push_image("faults/late")
    with behaving(cloud) as control:
        writes = faults.registry("PUT|DELETE")
        rule = control.impose(faults.late_write(3600, answer), on=writes)
        assert put(cloud, "faults/late") == status
        assert look(cloud, "faults/late") == 404
        control.set_clock(advance_seconds=3600)
        until(lambda: control.landed(rule), lambda landed: landed == 1)
        assert cloud.registry("HEAD", "/v2/faults/late/manifests/v1").headers["Docker-Content-Digest"] == digest

        untagged = answer_or_cut(lambda: cloud.registry("DELETE", "/acr/v1/faults/late/_tags/v1"))
        assert (untagged and untagged.status) == (202 if answer == "success" else status)
        assert look(cloud, "faults/late") == 200
        control.set_clock(advance_seconds=3600)
        until(lambda: control.landed(rule), lambda landed: landed == 2)
        assert look(cloud, "faults/late") == 404
        assert [one["status"] for one in control.requests(fault=rule)][1::2] == [201, 202]


def test_an_expired_token_is_refused_with_the_challenge(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/expired", "v1")
    path = f"/oauth2/token?service={cloud.login_server}&scope=repository:faults/expired:pull"
    token = cloud.call("registry", "GET", path, headers={"Authorization": cloud.basic("all")}).json["access_token"]
    control.impose(faults.unauthorized(), on=faults.registry(), times=1)
    control.impose(faults.unauthorized(), on=faults.arm(), times=1)
    bearer = {"Authorization": f"Bearer {token}"}
    refused = cloud.call("registry", "GET", "/v2/faults/expired/manifests/v1", headers=bearer)
    assert (refused.status, refused.code) == (401, "UNAUTHORIZED")
    assert 'scope="repository:faults/expired:pull",error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert cloud.call("registry", "GET", "/v2/faults/expired/manifests/v1", headers=bearer).status == 200
    statuses = [cloud.arm("GET", f"{cloud.registry_id}?{API}").status for _ in range(2)]
    assert statuses == [401, 200]


def test_a_call_hangs_until_its_client_leaves(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/hanging", "v1")
    rule = control.impose(faults.hang(), on=faults.registry("GET", faults.manifests("faults/hanging")))
    connection = http.client.HTTPSConnection("localhost", cloud.config["ports"]["registry"], context=cloud.context, timeout=0.3)
    connection.request("GET", "/v2/faults/hanging/manifests/v1", headers={"Authorization": cloud.basic("all")})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    (one,) = until(lambda: control.requests(fault=rule), bool)
    assert one["status"] == 444


def test_a_client_that_leaves_in_the_middle_of_its_body_is_noticed(cloud: Cloud, control: CloudControl) -> None:
    rule = control.impose(faults.hang(), on=faults.registry("POST", "/v2/faults/left/.*"))
    connection = http.client.HTTPSConnection("localhost", cloud.config["ports"]["registry"], context=cloud.context, timeout=1)
    connection.putrequest("POST", "/v2/faults/left/blobs/uploads/")
    connection.putheader("Authorization", cloud.basic("all"))
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()
    with contextlib.suppress(TimeoutError):
        connection.send(bytes(16 << 20))
    connection.close()
    (one,) = until(lambda: control.requests(fault=rule), bool)
    assert one["status"] == 444


def test_what_alters_a_body_counts_only_where_there_is_one(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("faults/bodies", "v1")
    empty = cloud.push_blob("faults/bodies", b"")
    kinds = (faults.truncated(3), faults.wrong_bytes(), faults.bandwidth(1e9))
    rules = [control.impose(kind, on=faults.registry(None, "/v2/faults/bodies/.*"), times=1) for kind in kinds]
    assert look(cloud, "faults/bodies", "none") == 404
    assert cloud.registry("GET", f"/v2/faults/bodies/blobs/{empty}").status == 200
    assert cloud.registry("HEAD", "/v2/faults/bodies/manifests/v1").status == 200
    assert cloud.registry("GET", f"/v2/faults/bodies/blobs/{digest_of(b'layer')}", headers={"Range": "bytes=9-"}).status == 416
    assert [(one["matched"], one["fired"]) for one in control.faults()] == [(0, 0)] * 3
    assert cloud.registry("GET", "/v2/faults/bodies/manifests/v1").body == image(b"layer")[:3]
    assert [(one["matched"], one["fired"]) for one in control.faults()] == [(1, 1), (0, 0), (0, 0)]
    (one,) = control.requests(fault=rules[0])
    assert one["status"] == 200


def test_who_calls_is_not_looked_for_in_another_s_body(cloud: Cloud, control: CloudControl) -> None:
    control.impose(faults.status(503), on=faults.arm("POST", identity="somebody"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert cloud.call("arm", "POST", f"{cloud.registry_id}/importImage?{API}", body=b"x=" + b"y" * 99_999, headers=headers).status == 401
