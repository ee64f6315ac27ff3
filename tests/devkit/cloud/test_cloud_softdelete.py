"""Two policies that keep a manifest out of sight: soft delete and quarantine (acr.md 5)."""

import json
from collections.abc import Iterator

import pytest

from devkit.local.control import CloudControl, ControlRefused
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import OCI_MANIFEST, Answer, Cloud, MakeClouds, digest_of, image

DAY = 86_400


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with MakeClouds(tmp_path_factory.mktemp("policies"), tls)("policies").serving() as made:
        yield made


@pytest.fixture
def control(cloud: Cloud) -> Iterator[CloudControl]:
    control = cloud.controls
    yield control
    control.set_registry(policies={"softDeleteDays": None, "quarantine": False})


def tags(cloud: Cloud, repository: str) -> list[str]:
    return list(cloud.registry("GET", f"/v2/{repository}/tags/list").json["tags"])


def push_again(cloud: Cloud, repository: str) -> Answer:
    for blob in (b"layer", b"{}"):
        cloud.push_blob(repository, blob)
    return cloud.push_manifest(repository, "again", image(b"layer"))


def test_what_is_soft_deleted_is_not_pushed_again_but_restored_with_its_free_tags(cloud: Cloud, control: CloudControl) -> None:
    digest = cloud.push_image("soft/app", "v1")
    cloud.push_image("soft/app", "v2")
    control.set_registry(policies={"softDeleteDays": 7})
    assert cloud.registry("DELETE", f"/v2/soft/app/manifests/{digest}").status == 202
    assert cloud.registry("GET", f"/v2/soft/app/manifests/{digest}").status == 404
    refused = push_again(cloud, "soft/app")
    assert (refused.status, refused.code) == (405, "REGISTRY_DISALLOWED_OPERATION")
    other = cloud.push_image("soft/app", "v2", layer=b"other")
    (kept,) = control.soft_deleted()
    assert (kept["repository"], kept["digest"], kept["tags"]) == ("soft/app", digest, ["v1", "v2"])
    assert [one["digest"] for one in control.restore("soft/app", digest)] == [digest]
    assert cloud.registry("GET", "/v2/soft/app/manifests/v1").headers["Docker-Content-Digest"] == digest
    assert cloud.registry("GET", "/v2/soft/app/manifests/v2").headers["Docker-Content-Digest"] == other
    assert control.soft_deleted() == control.restore("soft/app") == []


def test_a_deleted_repository_comes_back_whole_after_a_kill(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(policies={"softDeleteDays": 7})
    digest = cloud.push_image("soft/whole", "v1")
    assert cloud.registry("DELETE", "/acr/v1/soft/whole").status == 202
    cloud.kill()
    cloud.start()
    assert len(control.restore("soft/whole")) == 1
    assert cloud.registry("GET", f"/v2/soft/whole/manifests/{digest}").body == image(b"layer")
    assert cloud.registry("GET", f"/v2/soft/whole/blobs/{digest_of(b'layer')}").body == b"layer"


def test_after_its_days_it_is_gone_without_an_event(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(policies={"softDeleteDays": 1})
    digest = cloud.push_image("soft/over", "v1")
    cloud.registry("DELETE", f"/v2/soft/over/manifests/{digest}")
    control.set_clock(advance_seconds=DAY - 60)
    assert push_again(cloud, "soft/over").status == 405
    before = control.events()
    control.set_clock(advance_seconds=120)
    assert control.soft_deleted() == control.restore("soft/over") == []
    assert control.events() == before
    assert push_again(cloud, "soft/over").status == 201
    assert tags(cloud, "soft/over") == ["again"]


def test_the_days_that_count_are_those_of_now(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(policies={"softDeleteDays": 1})
    digest = cloud.push_image("soft/days", "v1")
    cloud.registry("DELETE", f"/v2/soft/days/manifests/{digest}")
    control.set_registry(policies={"softDeleteDays": 14})
    control.set_clock(advance_seconds=5 * DAY)
    assert [one["digest"] for one in control.soft_deleted()] == [digest]
    control.set_registry(policies={"softDeleteDays": None})
    assert control.soft_deleted() == []
    assert push_again(cloud, "soft/days").status == 201
    control.set_registry(policies={"softDeleteDays": 90})
    assert control.soft_deleted() == []
    assert push_again(cloud, "soft/days").status == 201  # what is there again is deleted no longer


def test_a_removed_tag_is_kept_too(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(policies={"softDeleteDays": 7})
    digest = cloud.push_image("soft/untagged", "v1")
    cloud.push_image("soft/untagged", "v2")
    assert cloud.registry("DELETE", "/acr/v1/soft/untagged/_tags/v1").status == 202
    (kept,) = [one for one in control.soft_deleted() if one["repository"] == "soft/untagged"]
    assert (kept["digest"], kept["tags"], kept["manifest"]) == (digest, ["v1"], False)
    assert cloud.push_image("soft/untagged", "v3") == digest  # the manifest is no more deleted than it was
    control.restore("soft/untagged")
    assert tags(cloud, "soft/untagged") == ["v1", "v2", "v3"]


def test_a_subject_comes_back_before_its_referrers(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(policies={"softDeleteDays": 7})
    subject = cloud.push_image("soft/subject", "v1")
    refers = {"mediaType": OCI_MANIFEST, "digest": subject, "size": len(image(b"layer"))}
    signature = cloud.push_image("soft/subject", layer=b"signature", subject=refers)
    cloud.registry("DELETE", f"/v2/soft/subject/manifests/{subject}")
    with pytest.raises(ControlRefused, match="restore that first"):
        control.restore("soft/subject", signature)
    assert [one["digest"] for one in control.restore("soft/subject", subject)] == [subject]
    assert cloud.registry("GET", f"/v2/soft/subject/referrers/{subject}").json["manifests"] == []  # they do not come along
    assert [one["digest"] for one in control.restore("soft/subject")] == [signature]
    assert len(cloud.registry("GET", f"/v2/soft/subject/referrers/{subject}").json["manifests"]) == 1
    assert cloud.registry("DELETE", "/acr/v1/soft/subject").status == 202
    assert {one["digest"] for one in control.restore("soft/subject")} == {subject, signature}  # in whatever order they went


def test_without_the_policy_deleted_is_gone(cloud: Cloud, control: CloudControl) -> None:
    digest = cloud.push_image("soft/off", "v1")
    cloud.registry("DELETE", f"/v2/soft/off/manifests/{digest}")
    assert control.soft_deleted() == []
    assert push_again(cloud, "soft/off").status == 201


def test_a_quarantined_manifest_is_pulled_when_it_has_passed(cloud: Cloud, control: CloudControl) -> None:
    before = cloud.push_image("quarantine/app", "old", layer=b"old")
    control.set_registry(policies={"quarantine": True})
    digest = cloud.push_image("quarantine/app", "v1")
    path = f"/acr/v1/quarantine/app/_manifests/{digest}"

    def state(new: str | None = None) -> tuple[str, int, int]:
        if new is not None:
            assert cloud.registry("PATCH", path, body=json.dumps({"quarantineState": new}).encode()).status == 200
        attributes = cloud.registry("GET", path).json["manifest"]["changeableAttributes"]
        pulls = (cloud.registry("GET", f"/v2/quarantine/app/manifests/{one}").status for one in ("v1", digest))
        return (attributes["quarantineState"], *pulls)

    assert state() == ("Quarantined", 404, 405)  # by its tag it is as if it were not there, by its digest disallowed
    assert state("Failed") == ("Failed", 404, 405)
    assert state("Passed") == ("Passed", 200, 200)
    cloud.push_image("quarantine/app", "v1")
    assert state() == ("Passed", 200, 200)
    assert cloud.registry("HEAD", f"/v2/quarantine/app/manifests/{before}").status == 200
    assert cloud.registry("PATCH", path, body=b'{"quarantineState": "Passed"}', user="pull").status == 401
    assert cloud.registry("PATCH", path, body=b'{"quarantineState": "nonsense"}').status == 400
