"""What is deleted at the source goes, and nothing else."""

import pytest

from devkit.local.images import Image, make_image
from tests.e2e.running import BOTH, CLIENTS, Site

IMAGE, NEXT = make_image("to be deleted"), make_image("to stay")
REPOSITORIES = ("delete/gone", "delete/standing", "delete/lacking", "delete/whole", "delete/again", "delete/back")


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


def test_a_manifest_whose_tag_at_a_target_still_stands_at_the_source_is_kept(site: Site) -> None:
    """The tag has moved on at the source, and the event of that was lost."""
    with site.unheard():
        site.put(NEXT, "delete/standing", "v1")
    run = site.ends_as(site.delete("delete/standing", IMAGE.digest), "kept (neighbourhood)")
    assert {target["digest"] for target in run["targets"]} == {IMAGE.digest}
    for target in BOTH:
        assert site.reading(target, "delete/standing", "v1").digest == IMAGE.digest
        assert site.clouds[target].requests("delete/standing", method="DELETE") == []


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


def test_a_whole_deleted_repository_is_kept_at_the_targets(site: Site) -> None:
    assert site.ask("source", "DELETE", "/acr/v1/delete/whole").status == 202
    site.ends_as(site.newest_run("delete/whole", None), "kept (whole_repository)")
    assert site.held("delete/whole", "v1") == {"source": None, "china": IMAGE.digest, "usgov": IMAGE.digest}
