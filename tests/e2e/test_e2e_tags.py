"""Tags: a second one, one that moves, one that moves faster than it can be followed."""

from dataclasses import dataclass

import pytest

from devkit.local.images import make_image
from tests.e2e.running import BOTH, Site

FIRST, SECOND, THIRD = make_image("first"), make_image("second"), make_image("third")
EVERYWHERE = ("source", *BOTH)


@dataclass(frozen=True)
class Runs:
    """All begun at once."""

    to_be_moved: tuple[str, str]
    overtaken: str
    newest: str


@pytest.fixture(scope="module")
def runs(site: Site) -> Runs:
    with site.clouds["china"].slow_imports(0.8), site.clouds["usgov"].slow_imports(0.8):
        overtaken, newest = site.push(SECOND, "tags/quick", "latest"), site.push(THIRD, "tags/quick", "latest")
    return Runs((site.push(FIRST, "tags/moved", "stable"), site.push(SECOND, "tags/moved", "v2")), overtaken, newest)


def test_a_tag_moved_to_content_that_is_there_starts_no_import(site: Site, runs: Runs) -> None:
    """On to the next digest, which has a tag of its own, and back."""
    for run in runs.to_be_moved:
        site.ends_as(run, "replicated")
    for image in (SECOND, FIRST):
        moved = site.ends_as(site.push(image, "tags/moved", "stable"), "replicated")
        assert {target["digest"] for target in moved["targets"]} == {image.digest}
        assert site.held("tags/moved", "stable") == dict.fromkeys(EVERYWHERE, image.digest)
    assert site.held("tags/moved", "v2") == dict.fromkeys(EVERYWHERE, SECOND.digest)
    for target in BOTH:
        imported = [one["sourceImage"] for one in site.clouds[target].imports("tags/moved")]
        assert sorted(imported) == sorted(f"tags/moved@{image.digest}" for image in (FIRST, SECOND))
        puts = [one["path"].rpartition("/")[2] for one in site.clouds[target].requests("tags/moved", method="PUT")]
        assert sorted(puts) == ["stable", "stable", "stable", "v2"]


@pytest.mark.usefixtures("runs")
def test_another_tag_of_a_digest_starts_no_import(site: Site) -> None:
    site.ends_as(site.push(SECOND, "tags/moved", "another"), "replicated")
    assert site.held("tags/moved", "another") == dict.fromkeys(EVERYWHERE, SECOND.digest)
    assert [len(site.clouds[target].imports("tags/moved")) for target in BOTH] == [2, 2]


def test_a_tag_moved_while_it_is_brought_ends_at_the_newest_everywhere(site: Site, runs: Runs) -> None:
    first = site.ends_as(runs.overtaken, "superseded")
    site.ended(runs.newest)
    assert {target["digest"] for target in first["targets"]} == {THIRD.digest}
    for reference in ("latest", THIRD.digest):
        assert site.held("tags/quick", reference) == dict.fromkeys(EVERYWHERE, THIRD.digest)
