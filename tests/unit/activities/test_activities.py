"""The steps as the worker calls them, against two local clouds: in which order they ask, and what they hide."""

import asyncio
import json
import os
import time
from datetime import datetime
from typing import Any

import pytest

from activities.step import step
from ledger import Content, store
from replication.neighbourhood import Meaning, Member, Neighbourhood
from replication.references import Digest, Repository, Tag
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Clouds, digest_of, image, index
from tests.unit.activities.calling import TARGETS, Call
from tests.unit.registries.live import asked_of


def methods(clouds: Clouds, side: str, repository: str) -> list[str]:
    return [one["method"] for one in asked_of(getattr(clouds, side), f"/v2/{repository}/manifests/") if one["identity"] != "all"]


def test_what_is_out_of_scope_is_told_before_anybody_is_asked(clouds: Clouds, call: Call) -> None:
    before = [len(cloud.control("GET", "requests")) for cloud in (clouds.source, clouds.target)]
    assert call("fetch_source_token", "steps/scope", digest_of(b"any"), "draft-1") == {"filtered": {"china": "tag"}}
    assert call("authenticate_target", "steps/scope", digest_of(b"any"), "draft-1") == {"filtered": "tag"}
    assert [len(cloud.control("GET", "requests")) for cloud in (clouds.source, clouds.target)] == before
    assert call("fetch_source_token", "steps/scope", digest_of(b"any"), "v1")["valid_for"] > 0
    assert call("authenticate_target", "steps/scope", digest_of(b"any"), "v1")["valid_for"] > 0


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_media_type_that_is_left_out_is_told_by_whoever_has_the_manifest(clouds: Clouds, call: Call, side: str) -> None:
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    manifest, cloud = image(b"layer", mediaType=docker), getattr(clouds, side)
    cloud.push_image("steps/docker")
    assert cloud.push_manifest("steps/docker", "v1", manifest, docker).status == 201
    assert call("look", "steps/docker", digest_of(manifest)) == {"filtered": "media_type"}
    assert look_around(call, "steps/docker", digest_of(manifest)) == {"filtered": "media_type"}


def look_around(call: Call, repository: str, *digests: str, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return call("look_around", repository, digests[0], digests=list(digests), tags=list(tags), extras=False)


def test_all_around_a_digest_is_looked_at_on_both_sides(clouds: Clouds, call: Call) -> None:
    repository = "steps/around"
    stays = clouds.source.push_image(repository, "moved", layer=b"another")
    gone = clouds.target.push_image(repository, "v1")
    clouds.target.push_image(repository, "moved")
    subject = {"mediaType": OCI_MANIFEST, "digest": gone, "size": 1}
    signature = image(b"layer", subject=subject)
    assert clouds.target.push_manifest(repository, "signature", signature).status == 201
    about_it = image(b"layer", subject={**subject, "digest": digest_of(signature)})
    for cloud in (clouds.source, clouds.target):
        cloud.push_image(repository)
        assert cloud.push_manifest(repository, digest_of(about_it), about_it).status == 201
    clouds.source.registry("DELETE", f"/v2/{repository}/manifests/{gone}")
    around = Neighbourhood.from_json(look_around(call, repository, gone, tags=("seen",)))
    plain, signed, about = map(Digest.parse, (gone, digest_of(signature), digest_of(about_it)))
    assert around.members == (
        Member(plain, source=False, target=True, wanted=False),
        Member(signed, source=False, target=True, subject=plain),
        Member(about, source=True, target=True, subject=signed),
    )
    assert around.tags == (
        Meaning(Tag("moved"), Digest.parse(stays), plain),
        Meaning(Tag("seen"), None, None),
        Meaning(Tag("signature"), None, signed),
        Meaning(Tag("v1"), None, plain),
    )
    assert set(methods(clouds, "source", repository)) == {"GET"}


def test_what_is_out_of_a_targets_scope_binds_what_it_is_on(clouds: Clouds, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds.source.push_image("steps/foreign", layer=b"another")
    digest = clouds.target.push_image("steps/foreign", "v1")
    clouds.target.push_image("steps/foreign", "draft-1")
    (target,) = json.loads(os.environ[TARGETS])
    monkeypatch.setenv(TARGETS, json.dumps([{**target, "deletes": "keep"}]))
    around = look_around(call, "steps/foreign", digest)
    assert (around["spares"], around["members"][0]["bound"]) == ("deletes_off", True)
    assert [one["tag"] for one in around["tags"]] == ["v1"]


def test_a_look_asks_once_where_a_tag_means_the_digest(clouds: Clouds, call: Call) -> None:
    digest = clouds.source.push_image("steps/once", "v1")
    seen = call("look", "steps/once", digest, "v1")
    assert seen["source"] == {"tagged": digest, "has_digest": True}
    assert seen["target"] == {"tagged": None, "has_digest": False}
    assert methods(clouds, "source", "steps/once") == ["HEAD"]
    assert methods(clouds, "target", "steps/once") == ["HEAD", "HEAD"]  # an absence that starts an import needs no proof


def test_a_push_that_is_nowhere_is_proven_absent_on_both_sides(clouds: Clouds, call: Call) -> None:
    clouds.source.push_image("steps/nowhere")
    clouds.target.push_image("steps/nowhere")
    seen = call("look", "steps/nowhere", digest_of(b"gone"))
    assert (seen["source"]["has_digest"], seen["target"]["has_digest"]) == (False, False)
    assert methods(clouds, "source", "steps/nowhere") == ["GET"]
    assert methods(clouds, "target", "steps/nowhere")[-2:] == ["HEAD", "GET"]


def test_an_index_is_told_from_an_image(clouds: Clouds, call: Call) -> None:
    clouds.source.push_image("steps/index", "image")
    manifest = index(image(b"layer"))
    assert clouds.source.push_manifest("steps/index", "v1", manifest, OCI_INDEX).status == 201
    assert call("look", "steps/index", digest_of(manifest), "v1")["index"] is True
    assert call("look", "steps/index", digest_of(image(b"layer")), "image")["index"] is False


def test_an_index_that_lacks_a_child_is_not_verified(clouds: Clouds, call: Call) -> None:
    child, other = image(b"layer"), image(b"layer", annotations={"is": "another"})
    manifest = index(child, other)
    for cloud in (clouds.source, clouds.target):
        cloud.push_image("steps/children")
        cloud.push_manifest("steps/children", digest_of(other), other, OCI_MANIFEST)
        assert cloud.push_manifest("steps/children", "v1", manifest, OCI_INDEX).status == 201
    assert call("verify_digest", "steps/children", digest_of(manifest)) == {"verified": True, "missing": [], "manifests": 3, "pages": 1}
    clouds.target.registry("DELETE", f"/v2/steps/children/manifests/{digest_of(other)}")
    answer = call("verify_digest", "steps/children", digest_of(manifest))
    assert answer == {"verified": False, "missing": [digest_of(other)], "manifests": 3, "pages": 1}


def test_a_page_tells_what_is_missing_and_how_long_what_has_come_took(clouds: Clouds, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    child, other = image(b"layer"), image(b"layer", annotations={"is": "not there yet"})
    clouds.source.push_image("steps/page")
    clouds.target.push_image("steps/page")
    clouds.source.push_manifest("steps/page", digest_of(other), other, OCI_MANIFEST)
    assert clouds.source.push_manifest("steps/page", "v1", index(child, other), OCI_INDEX).status == 201
    took: list[tuple[float, dict[str, str]]] = []
    monkeypatch.setattr("telemetry.figures.import_duration.record", lambda *recorded: took.append(recorded))
    imports = {"0": {"generation": "g0", "seconds": 2.5}, "1": {"generation": "g1", "seconds": 3.5}}
    answer = call("look_at_children", "steps/page", digest_of(index(child, other)), page=0, imports=imports)
    assert answer == {"pages": 1, "manifests": 2, "images": [1], "indexes": []}
    assert took == [(2.5, {"target": "china"})]


def test_the_source_is_not_read_of_what_it_told_to_be_no_index(clouds: Clouds, call: Call) -> None:
    digest = clouds.source.push_image("steps/plain")
    clouds.target.push_image("steps/plain")
    since = len(clouds.source.control("GET", "requests"))
    assert call("verify_digest", "steps/plain", digest, index=False) == {"verified": True, "missing": [], "manifests": 1, "pages": 1}
    assert clouds.source.control("GET", "requests")[since:] == []


@pytest.mark.parametrize(
    "name, method, state", [("move_tag", "PUT", "moved"), ("delete_artifact", "DELETE", "came_back"), ("remove_tag", "DELETE", "came_back")]
)
def test_nothing_but_the_change_follows_the_last_look_at_the_source(clouds: Clouds, call: Call, name: str, method: str, state: str) -> None:
    """The target's tokens are fetched before it, which takes seconds in a fresh process."""
    repository = f"steps/{name.replace('_', '-')}"
    digest = clouds.source.push_image(repository, "v1")
    clouds.target.push_image(repository)
    since = len(clouds.target.control("GET", "requests"))
    assert call(name, repository, digest, "v1")["state"] == state
    last_look = max(one["at"] for one in asked_of(clouds.source, f"/v2/{repository}/manifests/"))
    after = [one["method"] for one in clouds.target.control("GET", "requests")[since:] if one["at"] > last_look]
    assert after == ([method] if state == "moved" else [])


def test_a_tag_that_has_moved_on_is_left_alone(clouds: Clouds, call: Call) -> None:
    old, new = clouds.source.push_image("steps/moved", "v1"), clouds.source.push_image("steps/moved", "v1", layer=b"new")
    assert old != new
    assert call("move_tag", "steps/moved", old, "v1") == {"state": "moved_on"}
    assert "PUT" not in methods(clouds, "target", "steps/moved")


def test_what_the_source_lacks_is_deleted_once(clouds: Clouds, call: Call) -> None:
    clouds.source.push_image("steps/deleted", layer=b"another")
    digest = clouds.target.push_image("steps/deleted", "v1")
    assert call("delete_artifact", "steps/deleted", digest) == {"state": "deleted"}
    assert call("delete_artifact", "steps/deleted", digest) == {"state": "absent"}


def test_a_tag_that_the_source_lacks_is_taken_once(clouds: Clouds, call: Call) -> None:
    clouds.source.push_image("steps/untagged")
    digest = clouds.target.push_image("steps/untagged", "v1")
    assert call("remove_tag", "steps/untagged", digest, "v1") == {"state": "untagged"}
    assert call("remove_tag", "steps/untagged", digest, "v1") == {"state": "absent"}


def test_imports_that_are_open_are_told_until_they_end(clouds: Clouds, call: Call) -> None:
    """One whose run has died ends when ARM is asked; one of which nobody knows, when it is old."""
    digest = clouds.source.push_image("steps/open", "v1")
    at = "2026-01-01T00:00:00+00:00"
    asked = {"digest": digest, "at": at, "patience": 600}

    def open_now(**more: Any) -> dict[str, Any]:
        return call("open_imports", "steps/open", **asked, **more)

    assert open_now() == {"generations": [], "retry_after": 10.0}
    generation = call("start_import", "steps/open", digest, run="r", at=at, index=False)["generation"]
    assert open_now()["generations"] == [generation]
    assert open_now(generations=["another"])["generations"] == []
    deadline = time.monotonic() + 20
    while open_now(generations=[generation])["generations"]:
        assert time.monotonic() < deadline
    assert open_now()["generations"] == []
    unknown = Content("china", Repository("steps/open"), Digest.parse(digest))

    async def claim() -> str:
        return (await store().claim(unknown, run="dead", at=datetime.fromisoformat(at))).intent.generation

    lost = asyncio.run(claim())
    assert open_now()["generations"] == [lost]
    assert open_now(generations=[lost])["generations"] == [lost]
    asked["at"] = "2026-01-01T00:10:01+00:00"
    assert open_now(generations=[lost])["generations"] == []


def test_indexes_in_indexes_do_not_fill_the_memory(clouds: Clouds, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may push to the source can nest them as deep as he likes; what each of them lists counts before anything of it is read."""
    inner = index(image(b"layer"))
    listed = [{"mediaType": OCI_INDEX, "digest": digest_of(inner), "size": len(inner)}]
    outer = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode()
    clouds.source.push_image("steps/nested")
    for manifest, tag in ((inner, digest_of(inner)), (outer, "v1")):
        assert clouds.source.push_manifest("steps/nested", tag, manifest, OCI_INDEX).status == 201
    assert "failure" not in call("examine_source", "steps/nested", digest_of(outer))
    monkeypatch.setattr("activities.descendants.MOST", 1)
    failure = call("examine_source", "steps/nested", digest_of(outer))["failure"]
    assert (failure["kind"], failure["code"]) == ("conflict", "manifest_refused")


def test_a_bug_is_told_by_its_class_and_its_place_alone() -> None:
    """Its text becomes part of the history."""

    async def broken(_: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("https://example/?s=signature and a password")

    with pytest.raises(Exception, match="ValueError at ") as raised:
        asyncio.run(step(broken)({}))
    assert "password" not in str(raised.value)
    assert raised.value.__context__ is raised.value.__cause__ is None
