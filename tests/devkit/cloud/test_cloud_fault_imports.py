"""Faults of imports: slow, stuck, failing in Azure's words, and successes that are none."""

from collections.abc import Iterator
from functools import partial

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl
from tests.devkit.cloud.faulty import behaving, look
from tests.devkit.cloud.receiving import until
from tests.devkit.cloud.running import Clouds, MakeCloud, digest_of
from tests.devkit.cloud.test_cloud_imports import ended, import_body, push_index


@pytest.fixture
def control(clouds: Clouds) -> Iterator[CloudControl]:
    with behaving(clouds.target) as control:
        yield control


@pytest.mark.parametrize(
    "text, status, said",
    [
        ("unauthorized", 400, 'Invalid message Unauthorized Unauthorized {"errors":[{"code":"UNAUTHORIZED"'),
        ("denied", 400, "Access to localhost:"),
        ("not_found", 400, "Unable to find manifest digest Repo: faulty/fails Tag: sha256:"),
        ("unknown", 400, "MANIFEST_UNKNOWN"),
        ("blobs", 400, "Error copying blobs"),
        ("rfc7233", 400, "The remote server may not be RFC 7233 compliant"),
        ("status", 400, "Unexpected response status code"),
        ("length", 400, "Unexpected length of body in response"),
        ("conflict", 409, "Tag faulty/fails:asked already exists in target registry."),
        ("quota", 400, "The operation is disallowed on this registry, repository or image"),
        ("internal", 500, "An internal error occurred."),
    ],
)
def test_an_import_fails_with_a_recorded_text_as_often_as_told(
    clouds: Clouds, control: CloudControl, text: str, status: int, said: str
) -> None:
    digest = clouds.source.push_image("faulty/fails", layer=text.encode())
    rule = control.impose(faults.fails(text), on=faults.imports(f"faulty/fails@{digest}"), times=1)
    body = import_body(clouds.source, f"faulty/fails@{digest}", targets=["faulty/fails:asked"])
    answer = ended(clouds.target, body)
    assert answer.status == status
    assert said in answer.json["error"]["message"]
    assert look(clouds.target, "faulty/fails", digest) == 404
    assert ended(clouds.target, body).status == 200
    assert [one["fault"] for one in control.imports("faulty/fails")][-2:] == [rule, None]


def test_an_import_reports_success_and_has_stored_nothing(clouds: Clouds, control: CloudControl) -> None:
    digest = clouds.source.push_image("faulty/nothing")
    control.impose(faults.succeeds_broken("nothing"), on=faults.imports("faulty/nothing@.*"))
    assert ended(clouds.target, import_body(clouds.source, f"faulty/nothing@{digest}")).status == 200
    assert look(clouds.target, "faulty/nothing", digest) == 404


def test_an_index_arrives_without_a_child(clouds: Clouds, control: CloudControl) -> None:
    content, (first, second) = push_index(clouds.source, "faulty/index", "v1")
    control.impose(faults.succeeds_broken("no_child"), on=faults.imports("faulty/index@.*"))
    assert ended(clouds.target, import_body(clouds.source, f"faulty/index@{digest_of(content)}")).status == 200
    assert [look(clouds.target, "faulty/index", digest_of(one)) for one in (content, first, second)] == [200, 404, 200]


def test_a_tag_points_at_a_manifest_that_was_never_stored(clouds: Clouds, control: CloudControl) -> None:
    """acr.md 2.4.1: success, and then `manifest unknown`."""
    clouds.target.push_image("faulty/tag", "v0", layer=b"older")
    digest = clouds.source.push_image("faulty/tag", "v1")
    control.impose(faults.succeeds_broken("tag"), on=faults.imports("faulty/tag:v1"))
    assert ended(clouds.target, import_body(clouds.source, "faulty/tag:v1", targets=["faulty/tag:v1"])).status == 200
    assert clouds.target.registry("GET", "/v2/faulty/tag/tags/list").json["tags"] == ["v0", "v1"]
    answer = clouds.target.registry("GET", "/v2/faulty/tag/manifests/v1")
    assert (answer.status, answer.code) == (404, "MANIFEST_UNKNOWN")
    assert clouds.target.registry("GET", "/acr/v1/faulty/tag/_tags/v1").json["tag"]["digest"] == digest


def test_an_import_lands_long_after_it_has_ended(clouds: Clouds, make_cloud: MakeCloud) -> None:
    target = make_cloud("late").start()
    control, digest = target.controls, clouds.source.push_image("faulty/late")
    rule = control.impose(faults.lands_late(3600), on=faults.imports())
    assert ended(target, import_body(clouds.source, f"faulty/late@{digest}")).status == 200
    assert look(target, "faulty/late", digest) == 404
    control.set_clock(advance_seconds=3600)
    until(partial(control.landed, rule), lambda landed: landed == 1)
    assert look(target, "faulty/late", digest) == 200


def test_an_import_lands_once_more_and_brings_back_what_was_deleted(clouds: Clouds, make_cloud: MakeCloud) -> None:
    target = make_cloud("twice").start()
    control, digest = target.controls, clouds.source.push_image("faulty/twice")
    rule = control.impose(faults.lands_twice(3600), on=faults.imports())
    assert ended(target, import_body(clouds.source, f"faulty/twice@{digest}")).status == 200
    assert target.registry("DELETE", f"/v2/faulty/twice/manifests/{digest}").status == 202
    control.set_clock(advance_seconds=3600)
    until(partial(control.landed, rule), lambda landed: landed == 1)
    assert look(target, "faulty/twice", digest) == 200


def test_an_import_may_take_hours_or_for_ever(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """What befalls it is settled when it begins: it outlives a killed cloud and a rule that was lifted."""
    target = make_cloud("slow").start()
    control, digest = target.controls, clouds.source.push_image("faulty/slow")
    control.impose(faults.slow(7200), on=faults.imports(), times=1)
    control.impose(faults.stuck(), on=faults.imports(), times=1)
    for _ in range(2):
        target.begin_import(import_body(clouds.source, f"faulty/slow@{digest}"))
    control.behave()
    target.kill()
    target.start()
    assert [one["state"] for one in control.imports()] == ["running", "running"]
    control.set_clock(advance_seconds=7199, scale=100)
    until(control.imports, lambda imports: imports[0]["state"] == "succeeded")
    control.set_clock(advance_seconds=100_000)
    assert ended(target, import_body(clouds.source, f"faulty/slow@{digest}")).status == 200
    assert [one["state"] for one in control.imports()] == ["succeeded", "running", "succeeded"]


def test_wrong_bytes_of_the_source_are_not_kept(clouds: Clouds) -> None:
    digest = clouds.source.push_image("faulty/bytes", layer=b"bytes of a layer")
    with behaving(clouds.source) as source:
        for what in ("blobs", "manifests"):
            rule = source.impose(faults.wrong_bytes(), on=faults.registry("GET", f"/v2/faulty/bytes/{what}/.*"), times=1)
            answer = ended(clouds.target, import_body(clouds.source, f"faulty/bytes@{digest}"))
            assert answer.json["error"]["message"].endswith("Error copying blobs")
            assert source.fired(rule) == 1
    assert look(clouds.target, "faulty/bytes", digest) == 404
    assert ended(clouds.target, import_body(clouds.source, f"faulty/bytes@{digest}")).status == 200
