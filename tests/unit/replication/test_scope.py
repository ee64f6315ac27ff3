"""What a target is to hold: filters, prefixes, and that a place tells its repository."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.patterns import Filter, Kind, Pattern
from replication.prefixes import Prefixes, is_prefix
from replication.references import Repository, Tag
from replication.scope import Scope
from tests.unit.replication.strategies import repositories

SIGNATURE = f"sha256-{'0' * 64}.sig"


def only(kind: Kind, *include: str, exclude: tuple[str, ...] = ()) -> Filter:
    return Filter(tuple(Pattern.parse(text, kind) for text in include), tuple(Pattern.parse(text, kind) for text in exclude))


@pytest.mark.parametrize(
    "pattern, takes, leaves",
    [
        ("team/*", ["team/app", "team/a/b"], ["team", "teams/app", "other/team/app"]),
        ("team/?pp", ["team/app"], ["team/pp", "team/aapp"]),
        ("a.b", ["a.b"], ["a-b", "axb"]),
        ("*/app", ["team/app", "a/b/app"], ["app"]),
        (r"^team/(app|web)", ["team/app", "team/web"], ["team/apps", "x/team/app"]),
        (r"^team/\w+$", ["team/app"], ["team/a/b"]),
        ("*" * 299 + "b", ["b", "a" * 254 + "b"], ["a" * 255]),
    ],
)
def test_a_pattern_matches_a_whole_name(pattern: str, takes: list[str], leaves: list[str]) -> None:
    parsed = Pattern.parse(pattern, "repository")
    assert [name for name in takes + leaves if parsed.matches(name)] == takes


@pytest.mark.parametrize(
    "kind, text",
    [
        ("repository", "Team/*"),
        ("repository", "team/[a-z]"),
        ("repository", "team/*\n"),
        ("repository", ""),
        ("repository", "*" * 301),
        ("repository", 7),
        ("repository", None),
        ("repository", "^("),
        ("repository", "^a{99999999999}"),
        ("repository", "^" + "(" * 299),
        ("tag", "v:*"),
        ("tag", "^[z-a]"),
        ("media type", "application/*; charset"),
    ],
)
def test_what_can_match_nothing_is_no_pattern(kind: Kind, text: Any) -> None:
    with pytest.raises(ValueError, match=r"^(is not|matches no) ") as refused:
        Pattern.parse(text, kind)
    assert not isinstance(text, str) or not text or text not in str(refused.value)


@pytest.mark.parametrize(
    "chosen, taken",
    [
        (only("tag"), ["v1", "v2-rc", "dev"]),
        (only("tag", "v*"), ["v1", "v2-rc"]),
        (only("tag", exclude=("*-rc", "dev")), ["v1"]),
        (only("tag", "v*", "dev", exclude=("*-rc",)), ["v1", "dev"]),
    ],
)
def test_a_filter_takes_what_is_included_and_not_excluded(chosen: Filter, taken: list[str]) -> None:
    assert [name for name in ("v1", "v2-rc", "dev") if chosen.takes(name)] == taken


def test_why_something_is_left_out_is_told() -> None:
    scope = Scope(repositories=only("repository", "team/*"), tags=only("tag", "v*"), prefixes=Prefixes.parse({"team/a/": "a/"}))
    assert scope.leaves_out(Repository("other/app"), None) == "repository"
    assert scope.leaves_out(Repository("team/app"), Tag("v1")) == "prefix"
    assert scope.leaves_out(Repository("team/a/app"), Tag("dev")) == "tag"
    assert scope.leaves_out(Repository("team/a/app"), Tag("v1")) is None
    assert scope.leaves_out(Repository("team/a/app"), None) is None


def test_signatures_come_along_unless_they_are_excluded() -> None:
    assert Scope(tags=only("tag", "v*")).takes_tag(Tag(SIGNATURE))
    assert Scope(tags=only("tag", "v*")).takes_tag(Tag(SIGNATURE.removesuffix(".sig")))
    assert not Scope(tags=only("tag", "v*")).takes_tag(Tag("sha256-0"))
    assert not Scope(tags=only("tag", exclude=("*.sig",))).takes_tag(Tag(SIGNATURE))


def test_where_tags_are_filtered_an_image_without_one_comes_with_its_index_alone() -> None:
    assert Scope().takes_untagged
    assert not Scope(tags=only("tag", exclude=("dev*",))).takes_untagged


def test_a_media_type_is_compared_without_case() -> None:
    scope = Scope(media_types=only("media type", exclude=("*.docker.*",)))
    assert scope.takes_media_type("application/vnd.oci.image.index.v1+json")
    assert not scope.takes_media_type("Application/vnd.Docker.distribution.manifest.v2+json")


@pytest.mark.parametrize(
    "rules, places",
    [
        ({"team/": "mirror/team/"}, {"team/app": "mirror/team/app", "team": None, "web/app": None}),
        ({"": "contoso/"}, {"app": "contoso/app", "contoso/app": "contoso/contoso/app", "a" * 250: None}),
        ({"team/": ""}, {"team/app": "app", "team/team/app": "team/app", "app": None}),
        ({"team/": "a/", "team/web/": "b/"}, {"team/app": "a/app", "team/web/x": "b/x", "team/web": "a/web"}),
        ({"": "", "team/": "mirror/"}, {"app": "app", "team/app": "mirror/app", "mirror/app": None, "mirror": "mirror"}),
        ({"a/": "b/", "b/": "a/"}, {"a/x": "b/x", "b/x": "a/x"}),
    ],
)
def test_the_longest_prefix_that_fits_is_replaced(rules: dict[str, str], places: dict[str, str | None]) -> None:
    prefixes = Prefixes.parse(rules)
    for repository, place in places.items():
        assert prefixes.place_of(Repository(repository)) == (None if place is None else Repository(place)), repository
        if place is not None:
            assert prefixes.repository_at(Repository(place)) == Repository(repository)


@pytest.mark.parametrize("text", ["team", "/", "/team/", "team//", "Team/", "team/-/", "te am/", "team/\n", "a" * 200 + "/", None, 7])
def test_a_prefix_is_whole_parts_of_a_path(text: object) -> None:
    assert not is_prefix(text)


def test_two_prefixes_have_two_places() -> None:
    with pytest.raises(ValueError, match="one place"):
        Prefixes.parse({"a/": "x/", "b/": "x/"})


names = st.sampled_from(["", "a/", "b/", "a/b/", "b/a/", "c/", "a/a/"])
rules = st.dictionaries(names, names, min_size=1, max_size=4).filter(lambda drawn: len(set(drawn.values())) == len(drawn))
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join) | repositories


@settings(max_examples=50)
@given(rules, st.lists(paths.map(Repository), max_size=12))
def test_a_place_tells_its_repository_and_no_two_share_one(drawn: dict[str, str], some: list[Repository]) -> None:
    prefixes = Prefixes.parse(drawn)
    placed = {repository: place for repository in some if (place := prefixes.place_of(repository)) is not None}
    assert len(set(placed.values())) == len(placed)
    for repository, place in placed.items():
        assert Repository.parse(str(place)) == place
        assert prefixes.repository_at(place) == repository
    for place in some:
        assert (found := prefixes.repository_at(place)) is None or prefixes.place_of(found) == place


@settings(max_examples=50)
@given(rules, rules, st.lists(paths.map(Repository), max_size=12))
def test_what_is_apart_shares_no_place(one: dict[str, str], other: dict[str, str], some: list[Repository]) -> None:
    first, second = Prefixes.parse(one), Prefixes.parse(other)
    if first.apart_from(second):
        assert {first.place_of(repository) for repository in some} & {second.place_of(repository) for repository in some} <= {None}


def test_what_lies_elsewhere_at_a_target_is_none_of_ours() -> None:
    scope = Scope(repositories=only("repository", exclude=("team/secret",)), prefixes=Prefixes.parse({"team/": "mirror/"}))
    assert scope.repository_at(Repository("mirror/app")) == Repository("team/app")
    assert scope.repository_at(Repository("mirror/secret")) is None
    assert scope.repository_at(Repository("team/app")) is None
    assert scope.place_of(Repository("team/secret")) is None
