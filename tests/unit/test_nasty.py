"""The nasty fixtures as the app reads them: what they list, in which order it can be put, and whether they belong to something else."""

import re
from types import SimpleNamespace
from typing import cast

import pytest

from activities.descendants import descendants
from activities.look_at_children import PAGE
from activities.start_import import MOST_MANIFESTS
from devkit.local.images import Image
from registries.connections import Connections
from registries.manifests import KeptManifests, Manifest
from replication.patterns import Filter, Pattern
from replication.references import Digest, InvalidReference, Repository, Tag
from replication.scope import Scope
from replication.work import Work
from tests import nasty

FIXTURES = {name: one for name, one in vars(nasty).items() if isinstance(one, Image)} | {"INDEX_OF_1001": nasty.index_of_1001()}


def below(image: Image) -> list[Image]:
    """Each once, every index after all that it lists."""
    return list({one.digest: one for child in image.children for one in (*below(child), child)}.values())


class Source:
    """Holds the fixtures, and counts what is read of it."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self._held = {one.digest: one for root in FIXTURES.values() for one in (root, *below(root))}

    async def manifest(self, _: Repository, digest: Digest) -> Manifest | None:
        self.reads.append(str(digest))
        held = self._held.get(str(digest))
        return None if held is None else Manifest.parse(held.content, held.media_type)


@pytest.mark.parametrize("name", FIXTURES)
async def test_each_is_listed_once_and_every_index_after_what_it_lists(name: str) -> None:
    image, source = FIXTURES[name], Source()
    here = cast(Connections, SimpleNamespace(source=source, kept=KeptManifests()))
    wanted = Work(target="china", repository=Repository("team/app"), tag=None, digest=Digest.parse(image.digest))
    listed = await descendants(here, wanted)
    assert listed is not None
    assert [(str(one.digest), one.index) for one in listed] == [(one.digest, bool(one.children)) for one in below(image)]
    assert sorted(source.reads) == sorted({image.digest, *(one.digest for one in below(image) if one.children)})  # images are not read


def test_the_large_ones_are_on_both_sides_of_what_one_import_takes_and_of_a_page() -> None:
    assert len(nasty.INDEX_OF_51.children) == MOST_MANIFESTS + 1 == PAGE + 1
    assert len(nasty.index_of_1001().children) == 20 * PAGE + 1
    assert len(nasty.LARGEST.content) == nasty.LARGEST_MANIFEST


@pytest.mark.parametrize(
    "image, referrer",
    [
        (nasty.SIGNATURE, True),
        (nasty.SIGNATURE_OF_A_SIGNATURE, True),
        (nasty.SIGNATURE_OF_WHAT_IS_NOT_THERE, True),
        (nasty.SUBJECT_IS_ITS_CHILD, True),
        (nasty.FALLBACK, False),
        (nasty.SIGNED, False),
        (nasty.EMPTY_CONFIG, False),
    ],
)
def test_what_belongs_to_something_else_is_told_by_its_own_bytes(image: Image, referrer: bool) -> None:
    """Not by a tag, and not by what it lists."""
    assert Manifest.parse(image.content, image.media_type).referrer is referrer


def test_names_at_the_limit_are_names_and_one_character_more_is_none() -> None:
    assert str(Repository.parse(nasty.LONGEST_REPOSITORY)) == nasty.LONGEST_REPOSITORY
    assert str(Tag.parse(nasty.LONGEST_TAG)) == nasty.LONGEST_TAG
    for parse, text in ((Repository.parse, f"{nasty.LONGEST_REPOSITORY}n"), (Tag.parse, f"{nasty.LONGEST_TAG}t")):
        with pytest.raises(InvalidReference):
            parse(text)


def test_a_tag_that_looks_like_a_digest_is_a_tag_and_goes_with_the_referrers() -> None:
    with pytest.raises(InvalidReference):
        Digest.parse(nasty.LOOKS_LIKE_A_DIGEST)
    releases = Scope(tags=Filter(include=(Pattern.parse("v*", "tag"),)))
    for tag in (nasty.LOOKS_LIKE_A_DIGEST, nasty.fallback_tag(nasty.SIGNED), f"{nasty.fallback_tag(nasty.SIGNED)}.sig"):
        assert releases.takes_tag(Tag.parse(tag))
    assert re.fullmatch(r"sha256-[0-9a-f]{64}", nasty.fallback_tag(nasty.SIGNED))
