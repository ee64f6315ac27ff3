"""What is deleted at the source goes, and nothing else."""

import pytest

from devkit.local.images import Image, make_image, make_index
from tests.e2e.running import BOTH, CLIENTS, Site

IMAGE, NEXT = make_image("to be deleted"), make_image("to stay")
NAMES = ("gone", "standing", "lacking", "whole", "again", "back", "signed", "untagged", "locked")
REPOSITORIES = [f"delete/{name}" for name in NAMES]


@pytest.fixture(scope="module", autouse=True)
def replicated(site: Site) -> None:
    """All at once: they arrive together."""
    runs = [site.push(IMAGE, repository, "v1") for repository in REPOSITORIES]
    runs.append(site.push(IMAGE, "delete/gone", "v2"))
    for run in runs:
        assert {target["digest"] for target in site.ended(run)["targets"]} == {IMAGE.digest}


def nowhere(image: Image, site: Site, repository: str, *tags: str) -> bool:
    return all(set(site.held(repository, reference).values()) == {None} for reference in (image.digest, *tags))


def test_a_deleted_digest_goes_with_its_tags_once_however_often_it_is_told(site: Site) -> None:
    run = site.delete("delete/gone", IMAGE.digest)
    ended = site.ends_as(run, "deleted")
    assert nowhere(IMAGE, site, "delete/gone", "v1", "v2")
    for target in BOTH:
        (delete,) = site.clouds[target].requests("delete/gone", method="DELETE")
        assert (delete["status"], delete["identity"]) == (202, CLIENTS[target])

    (told,) = site.clouds["source"].events("delete/gone")
    event = site.event("delete/gone", IMAGE.digest, action="delete")
    assert site.deliver({**event, "id": told["id"]}).status == 202  # delivered again: the run is known
    assert site.deliver(event).status == 202  # told by another event
    site.ends_as(site.run_id(event["id"], "delete/gone", None), "already_absent")
    assert site.run(run) == ended
    assert [len(site.clouds[target].requests("delete/gone", method="DELETE")) for target in BOTH] == [1, 1]


def test_a_tag_that_the_source_has_moved_on_is_brought_forward_before_its_manifest_goes(site: Site) -> None:
    """The event of that was lost."""
    with site.unheard():
        site.put(NEXT, "delete/standing", "v1")
    run = site.ends_as(site.delete("delete/standing", IMAGE.digest), "deleted")
    for target in run["targets"]:
        assert target["removed"] == [{"digest": IMAGE.digest, "tags": [], "with": []}]
    for target in BOTH:
        assert site.reading(target, "delete/standing", "v1").digest == NEXT.digest
        changes = [one["method"] for one in site.clouds[target].requests("delete/standing") if one["method"] in ("PUT", "DELETE")]
        assert changes[-2:] == ["PUT", "DELETE"]
    assert nowhere(IMAGE, site, "delete/standing")


def test_what_referred_to_it_goes_along_though_no_event_tells_of_it(site: Site) -> None:
    """The source drops referrers with their subject, silently, and theirs."""
    signature = make_image("delete signature", layers=0, subject=IMAGE)
    about_it = make_image("delete about the signature", layers=0, subject=signature)
    for one in (signature, about_it):
        site.ends_as(site.push(one, "delete/signed"), "replicated")
    run = site.ends_as(site.delete("delete/signed", IMAGE.digest), "deleted")
    assert all(set(site.held("delete/signed", one.digest).values()) == {None} for one in (IMAGE, signature, about_it))
    for target in run["targets"]:
        assert target["removed"] == [{"digest": IMAGE.digest, "tags": ["v1"], "with": sorted((signature.digest, about_it.digest))}]


def test_a_tag_that_was_taken_from_its_manifest_goes_with_the_next_event_of_it(site: Site) -> None:
    """ACR tells of no untag."""
    assert site.ask("source", "DELETE", "/acr/v1/delete/untagged/_tags/v1").status == 202
    run = site.ends_as(site.told(site.event("delete/untagged", IMAGE.digest, "v1")), "untagged")
    assert [target["removed"] for target in run["targets"]] == [[{"tag": "v1", "digest": IMAGE.digest}]] * 2
    assert site.held("delete/untagged", "v1") == dict.fromkeys(("source", *BOTH))
    assert set(site.held("delete/untagged", IMAGE.digest).values()) == {IMAGE.digest}


def test_what_is_locked_at_a_target_is_left_there_and_told(site: Site) -> None:
    path = f"/acr/v1/delete/locked/_manifests/{IMAGE.digest}"
    assert site.ask("china", "PATCH", path, b'{"deleteEnabled": false}').status == 200
    run = site.ends_as(site.delete("delete/locked", IMAGE.digest), "kept (locked)", "deleted")
    assert {target["target"]: target["outcome"] for target in run["targets"]} == {"china": "kept", "usgov": "deleted"}
    assert site.held("delete/locked", "v1") == {"source": None, "china": IMAGE.digest, "usgov": None}


def test_what_is_pushed_again_after_a_delete_arrives_again(site: Site) -> None:
    site.ends_as(site.delete("delete/again", IMAGE.digest), "deleted")
    site.ends_as(site.push(IMAGE, "delete/again", "v1"), "replicated")
    assert set(site.held("delete/again", "v1").values()) == {IMAGE.digest}


def test_a_late_delete_event_does_not_take_what_is_there_again(site: Site) -> None:
    """The source is asked, not the event believed."""
    event = site.event("delete/back", IMAGE.digest, action="delete")
    assert site.deliver(event).status == 202
    site.ends_as(site.run_id(event["id"], "delete/back", None), "already_current")
    assert set(site.held("delete/back", "v1").values()) == {IMAGE.digest}
    assert [site.clouds[target].requests("delete/back", method="DELETE") for target in BOTH] == [[], []]


def test_a_target_that_lacks_it_already_says_so(site: Site) -> None:
    assert site.ask("china", "DELETE", f"/v2/delete/lacking/manifests/{IMAGE.digest}").status == 202
    site.ends_as(site.delete("delete/lacking", IMAGE.digest), "already_absent", "deleted")
    assert nowhere(IMAGE, site, "delete/lacking", "v1")


def test_a_whole_deleted_repository_goes_with_everything_in_it(site: Site) -> None:
    """One event tells of it, without a digest."""
    index = make_index("deleted whole", ["amd64", "arm64"], layers=1)
    signature = make_image("deleted whole, signed", layers=0, subject=index)
    for one, tag in ((index, "v2"), (signature, None)):
        site.ends_as(site.push(one, "delete/whole", tag), "replicated")
    assert site.ask("source", "DELETE", "/acr/v1/delete/whole").status == 202
    run = site.ends_as(site.newest_run("delete/whole", None), "deleted")
    for target in run["targets"]:
        taken = {one["digest"] for one in target["removed"]} | {each for one in target["removed"] for each in one["with"]}
        assert taken == {IMAGE.digest, index.digest, signature.digest, *(child.digest for child in index.children)}
    for name in BOTH:
        assert site.ask(name, "GET", "/acr/v1/delete/whole").status == 404
        deleted = [one["path"].rpartition("/")[2] for one in site.clouds[name].requests("delete/whole", method="DELETE")]
        assert deleted[0] == index.digest, "an index before what it lists"
    event = site.event("delete/whole", None, action="delete")
    site.ends_as(site.told(event), "already_absent")
