"""What an index lists: known from whoever has its bytes, never guessed where one stale replica denies them (DESIGN, rule 8)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from activities.pages import page_of
from devkit.local import faults
from registries.manifests import Manifest
from replication.references import Digest
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, Clouds, digest_of, image, index
from tests.unit.activities.calling import Call

CHILD, OTHER = image(b"layer"), image(b"layer", annotations={"is": "another"})
INNER = index(OTHER)


def outer(inner: bytes = INNER) -> bytes:
    """Lists an image, and an index."""
    listed = [{"mediaType": kind, "digest": digest_of(one), "size": len(one)} for kind, one in ((OCI_MANIFEST, CHILD), (OCI_INDEX, inner))]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}).encode()


ROOT = outer()


def push(cloud: Cloud, repository: str, *without: bytes) -> None:
    cloud.push_image(repository)
    for content, kind in ((CHILD, OCI_MANIFEST), (OTHER, OCI_MANIFEST), (INNER, OCI_INDEX), (ROOT, OCI_INDEX)):
        assert cloud.push_manifest(repository, digest_of(content), content, kind).status == 201
    for content in without:
        assert cloud.registry("DELETE", f"/v2/{repository}/manifests/{digest_of(content)}").status == 202


@contextmanager
def denying(cloud: Cloud, repository: str, content: bytes) -> Iterator[None]:
    """As one replica does that has not heard of it yet."""
    with behaving(cloud) as control:
        unknown = faults.status(404, code="MANIFEST_UNKNOWN")
        control.impose(unknown, on=faults.registry("GET", faults.manifests(repository, digest_of(content))))
        yield


@pytest.mark.parametrize("denied", [ROOT, INNER], ids=["the index", "an index in it"])
def test_where_the_source_denies_an_index_the_targets_bytes_tell_what_is_missing(clouds: Clouds, call: Call, denied: bytes) -> None:
    repository = f"listed/stale-{digest_of(denied)[7:12]}"
    push(clouds.source, repository)
    push(clouds.target, repository, OTHER)
    with denying(clouds.source, repository, denied):
        answer = call("verify_digest", repository, digest_of(ROOT))
    assert answer == {"verified": False, "missing": [digest_of(OTHER)], "manifests": 4, "pages": 1}


def test_where_nobody_has_its_bytes_it_is_not_verified(clouds: Clouds, call: Call) -> None:
    repository = "listed/nobody"
    push(clouds.source, repository)
    push(clouds.target, repository)
    for denied in (ROOT, INNER):
        with denying(clouds.source, repository, denied), denying(clouds.target, repository, denied):
            answer = call("verify_digest", repository, digest_of(ROOT))
        assert (answer["verified"], answer["missing"]) == (False, [digest_of(denied)])


def test_an_import_is_not_begun_by_a_guess_at_what_it_brings(clouds: Clouds, call: Call) -> None:
    """Nor is anything named by its position in half a list."""
    repository = "listed/guess"
    push(clouds.source, repository)
    since = len(clouds.target.control("GET", "imports"))
    given = {"run": "one", "at": "2026-01-01T00:00:00+00:00"}
    for denied in (ROOT, INNER):
        with denying(clouds.source, repository, denied):
            answers = [
                call("start_import", repository, digest_of(ROOT), index=True, **given),
                call("start_import", repository, digest_of(ROOT), child=0, **given),
                call("look_at_children", repository, digest_of(ROOT), page=0, imports={}),
                call("put_index", repository, digest_of(denied)),
            ]
        assert [(one["failure"]["kind"], one["failure"]["code"]) for one in answers] == [("not_found", "source_incomplete")] * 4
    assert len(clouds.target.control("GET", "imports")) == since


def test_a_nested_index_that_the_source_lacks_is_told(clouds: Clouds, call: Call) -> None:
    repository = "listed/lacking"
    push(clouds.source, repository, INNER)
    assert call("examine_source", repository, digest_of(ROOT)) == {"gone": False, "lacks": [digest_of(INNER)], "pages": 1}


def test_what_a_descriptor_does_not_tell_is_read() -> None:
    """`mediaType` is required (image-spec, descriptor.md), and left out all the same."""
    listed = json.loads(ROOT)
    for one in listed["manifests"]:
        del one["mediaType"]
    manifest = Manifest.parse(json.dumps(listed).encode(), OCI_INDEX)
    assert manifest.indexes == manifest.children == (Digest.parse(digest_of(CHILD)), Digest.parse(digest_of(INNER)))


def test_what_is_listed_is_looked_at_page_by_page(clouds: Clouds, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import is told ended by the last one."""
    monkeypatch.setattr("activities.pages.PAGE", 2)
    repository = "listed/pages"
    push(clouds.source, repository)
    push(clouds.target, repository, INNER)
    answers = [call("verify_digest", repository, digest_of(ROOT), page=page) for page in (0, 1)]
    assert [(one["missing"], one["manifests"], one["pages"]) for one in answers] == [([], 3, 2), ([digest_of(INNER)], 2, 2)]
    clouds.source.registry("DELETE", f"/v2/{repository}/manifests/{digest_of(OTHER)}")
    told = [call("examine_source", repository, digest_of(ROOT), page=page) for page in (0, 1)]
    assert [(one["lacks"], one["pages"]) for one in told] == [([digest_of(OTHER)], 2), ([], 2)]


def test_pages_are_few_and_cover_all() -> None:
    for length in (0, 1, 200, 201, 8000, 8001, 50_000):
        listed = range(length)
        _, pages = page_of(listed, 0)
        assert pages <= 40
        assert [one for page in range(pages) for one in page_of(listed, page)[0]] == [*listed]
