"""The judge must be able to find: a difference of each kind is planted, and it sees that one and no other."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.chaos.inventory import Holding, Manifest
from tests.chaos.judge import compare

IMAGE, OLD, CHILD, INDEX, SIGNATURE = (f"sha256:{letter * 64}" for letter in "abcde")
NAME, TARGET = "team/app", "china"


def holding() -> Holding:
    return Holding(
        manifests={
            IMAGE: Manifest((), None),
            OLD: Manifest((), None),
            CHILD: Manifest((), None),
            INDEX: Manifest((CHILD,), None),
            SIGNATURE: Manifest((), IMAGE),
        },
        tags={"v1": IMAGE, "multi": INDEX},
        referrers={IMAGE: frozenset({SIGNATURE})},
    )


def lose(digest: str) -> Callable[[Holding], None]:
    def change(there: Holding) -> None:
        del there.manifests[digest]

    return change


def unlist(there: Holding) -> None:
    there.referrers[IMAGE] = frozenset()


PLANTED: dict[str, tuple[Callable[[Holding], object], set[str]]] = {
    "tag missing": (lambda there: there.tags.pop("v1"), {"tag missing: team/app:v1"}),
    "tag wrong": (lambda there: there.tags.update(v1=OLD), {"tag wrong: team/app:v1"}),
    "tag too many": (lambda there: there.tags.update(v2=OLD), {"tag too many: team/app:v2"}),
    "image missing": (lose(OLD), {f"image missing: team/app@{OLD}"}),
    "image too many": (lambda there: there.manifests.update({f"sha256:{'f' * 64}": Manifest((), None)}), {"image too many"}),
    "child missing": (lose(CHILD), {f"child missing: team/app@{CHILD}", f"index lacks a child: team/app@{INDEX}"}),
    "index missing": (lose(INDEX), {f"index missing: team/app@{INDEX}"}),
    "referrer missing": (lose(SIGNATURE), {f"referrer missing: team/app@{SIGNATURE}"}),
    "referrer too many": (lambda there: there.manifests.update({f"sha256:{'f' * 64}": Manifest((), IMAGE)}), {"referrer too many"}),
    "referrer unlisted": (unlist, {f"referrer missing in the list: team/app@{SIGNATURE}"}),
    "bytes wrong": (lambda there: there.manifests.update({OLD: Manifest((), None, "has other bytes")}), {f"bytes wrong: team/app@{OLD}"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_difference_is_found(name: str) -> None:
    plant, told = PLANTED[name]
    target = deepcopy(holding())
    plant(target)
    found = compare({NAME: holding()}, {NAME: target}, TARGET)
    assert {one.verdict for one in found} == {"differs"}
    assert len(found) == len(told)
    assert all(any(str(one).startswith(f"{TARGET}: {words}") for one in found) for words in told), found


def test_equal_registries_do_not_differ() -> None:
    assert compare({NAME: holding()}, {NAME: holding()}, TARGET) == []


def test_a_repository_that_one_side_lacks_is_told_thing_by_thing() -> None:
    assert {one.what for one in compare({NAME: holding()}, {}, TARGET)} == {
        "tag missing", "image missing", "child missing", "index missing", "referrer missing"
    }  # fmt: skip
    assert all("too many" in one.what for one in compare({}, {NAME: holding()}, TARGET))


def test_what_was_untagged_is_told_apart() -> None:
    target = holding()
    target.tags["v0"] = OLD
    assert [one.verdict for one in compare({NAME: holding()}, {NAME: target}, TARGET, {(NAME, "v0")})] == ["untagged"]


def test_what_the_source_s_own_index_keeps_from_coming_is_excused_with_what_must_stay_for_it() -> None:
    """The source's `multi` has moved to an index that lacks a child: the target keeps the old meaning, and what signs that."""
    source, target, kept, half = holding(), holding(), f"sha256:{'f' * 64}", f"sha256:{'0' * 64}"
    source.manifests[half], source.tags["multi"] = Manifest((f"sha256:{'9' * 64}",), None), half
    target.manifests |= {kept: Manifest((), None), f"sha256:{'8' * 64}": Manifest((), kept)}
    target.tags["multi"] = kept
    found = compare({NAME: source}, {NAME: target}, TARGET)
    assert {(one.what, one.verdict) for one in found} == {
        ("tag wrong", "excused"), ("index missing", "excused"), ("image too many", "excused"), ("referrer too many", "excused")
    }  # fmt: skip
    target.manifests[f"sha256:{'7' * 64}"] = Manifest((), None)
    assert [one.what for one in compare({NAME: source}, {NAME: target}, TARGET) if one.verdict == "differs"] == ["image too many"]
