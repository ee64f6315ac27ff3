"""What is pushed arrives: an image under a tag, an index, a manifest without a tag."""

from dataclasses import dataclass

import pytest

from devkit.local.images import Image, make_image, make_index
from tests.e2e.running import BOTH, CLIENTS, Json, Site

IMAGE, INDEX, UNTAGGED = make_image("pushed"), make_index("pushed", ("amd64", "arm64", "s390x")), make_image("untagged")


@dataclass(frozen=True)
class Pushed:
    image: Json  # the run of each
    index: Json
    untagged: Json


@pytest.fixture(scope="module")
def pushed(site: Site) -> Pushed:
    image, index = site.push(IMAGE, "push/image", "v1"), site.push(INDEX, "push/index", "v1")
    untagged = site.push(UNTAGGED, "push/untagged")
    return Pushed(site.ends_as(image, "replicated"), site.ends_as(index, "replicated"), site.ends_as(untagged, "replicated"))


@pytest.mark.parametrize(
    "repository, image, tag",
    [("push/image", IMAGE, "v1"), ("push/index", INDEX, "v1"), ("push/untagged", UNTAGGED, None)],
)
@pytest.mark.parametrize("target", BOTH)
def test_what_is_pushed_arrives_byte_for_byte(
    site: Site, pushed: Pushed, target: str, repository: str, image: Image, tag: str | None
) -> None:
    for reference in filter(None, (tag, image.digest)):
        answer = site.ask(target, "GET", f"/v2/{repository}/manifests/{reference}")
        assert (answer.status, answer.body) == (200, image.content)
        assert answer.headers["Docker-Content-Digest"] == image.digest
        assert site.reading(target, repository, reference).wrong is None
    assert all(site.reading(target, repository, child.digest).digest == child.digest for child in image.children)


def test_the_run_names_the_digest_that_each_target_holds(pushed: Pushed) -> None:
    for run, image in ((pushed.image, IMAGE), (pushed.index, INDEX), (pushed.untagged, UNTAGGED)):
        assert run["state"] == "ended"
        assert [(one["target"], one["outcome"], one["digest"]) for one in run["targets"]] == [
            (name, "replicated", image.digest) for name in BOTH
        ]
        assert all(0 < one["seconds"] < 60 for one in run["targets"])


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize("target", BOTH)
def test_one_import_by_digest_brings_the_content_and_one_put_the_tag(site: Site, target: str) -> None:
    (only,) = site.clouds[target].imports("push/image")
    assert (only["sourceImage"], only["state"]) == (f"push/image@{IMAGE.digest}", "succeeded")
    (put,) = site.clouds[target].requests("push/image", method="PUT")
    assert (put["path"], put["status"], put["identity"]) == ("/v2/push/image/manifests/v1", 201, CLIENTS[target])
    assert only["ended"] <= put["at"]


@pytest.mark.usefixtures("pushed")
@pytest.mark.parametrize("target", BOTH)
def test_a_push_without_a_tag_makes_none(site: Site, target: str) -> None:
    assert site.clouds[target].requests("push/untagged", method="PUT") == []
    answer = site.ask(target, "GET", "/v2/push/untagged/tags/list")
    assert b"latest" not in answer.body


@pytest.mark.usefixtures("pushed")
def test_the_app_reads_the_source_and_changes_nothing_there(site: Site) -> None:
    asked = [one for one in site.clouds["source"].requests("push/image") if one["identity"] == "replication-pull"]
    assert asked
    assert {one["method"] for one in asked} <= {"GET", "HEAD"}
