"""The decision about a digest's whole neighbourhood, case by case. In each a delete event has named A."""

import json

import pytest

from replication.decisions import Bring
from replication.neighbourhood import Meaning, Member, Neighbourhood, Remove, Step, Untag
from replication.references import Digest, Tag

A, B, R, Q = (Digest(letter * 64) for letter in "abcd")  # R refers to A, Q to R
V1, V2 = Tag("v1"), Tag("v2")


def gone(digest: Digest, subject: Digest | None = None, *, bound: bool = False, index: bool = False) -> Member:
    return Member(digest, source=False, target=True, subject=subject, bound=bound, index=index)


def both(digest: Digest, subject: Digest | None = None) -> Member:
    return Member(digest, source=True, target=True, subject=subject)


def nowhere(digest: Digest, subject: Digest | None = None) -> Member:
    return Member(digest, source=False, target=False, subject=subject)


@pytest.mark.parametrize(
    "members, tags, steps",
    [
        pytest.param([gone(A)], [], [Remove(A, (), ())], id="it goes"),
        pytest.param([gone(A)], [Meaning(V1, None, A)], [Remove(A, (V1,), ())], id="with the tags that the source no longer has"),
        pytest.param([gone(A)], [Meaning(V1, B, A)], [Bring(B, V1)], id="a tag that has moved on is brought forward first"),
        pytest.param([gone(A)], [Meaning(V1, B, A), Meaning(V2, None, A)], [Bring(B, V1)], id="and then the rest goes with it"),
        pytest.param([gone(A)], [Meaning(V1, B, B)], [Remove(A, (), ())], id="a tag that was brought forward is no longer its own"),
        pytest.param([nowhere(A)], [Meaning(V1, None, None)], [], id="gone on both sides"),
        pytest.param([both(A)], [Meaning(V1, A, A)], [], id="pushed again, and here"),
        pytest.param([Member(A, source=True, target=False)], [], [Bring(A, None)], id="pushed again, and not here"),
        pytest.param([Member(A, source=True, target=False)], [Meaning(V1, A, None)], [Bring(A, V1)], id="pushed again with its tag"),
        pytest.param([Member(A, source=True, target=False, wanted=False)], [], [], id="nobody wants it without a tag"),
        pytest.param([both(A)], [Meaning(V1, None, A)], [Untag(V1, A)], id="only its tag is gone"),
        pytest.param([nowhere(A)], [Meaning(V1, None, B)], [Untag(V1, B)], id="a tag that was seen on it and has no source any more"),
        pytest.param([gone(A), gone(R, A), gone(Q, R)], [], [Remove(A, (), (R, Q))], id="what refers to it goes along, and to that"),
        pytest.param([gone(A), gone(R, A)], [Meaning(V1, None, R)], [Remove(A, (V1,), (R,))], id="with its tags"),
        pytest.param([gone(A), gone(R, A)], [Meaning(V1, B, R)], [Bring(B, V1)], id="whose tags are brought forward first as well"),
        pytest.param([gone(A), both(R, A)], [Meaning(V1, R, R)], [Remove(A, (V1,), (R,))], id="what the source has falls along"),
        pytest.param([nowhere(A), Member(R, source=True, target=False, subject=A)], [Meaning(V1, R, None)], [Bring(R, V1)], id="as here"),
        pytest.param([nowhere(A), gone(R, A)], [], [Remove(R, (), ())], id="gone on both sides, but not what hung on it"),
        pytest.param([both(A), gone(R, A)], [], [Remove(R, (), ())], id="a referrer alone is gone"),
        pytest.param([gone(A), gone(B, index=True)], [], [Remove(B, (), ()), Remove(A, (), ())], id="an index before what it lists"),
        pytest.param([gone(A, bound=True)], [Meaning(V1, None, A), Meaning(V2, B, A)], [Bring(B, V2), Untag(V1, A)], id="not ours alone"),
        pytest.param([gone(A), gone(R, A, bound=True)], [], [], id="nor is what would fall with it"),
    ],
)
def test_what_is_to_be_done_now(members: list[Member], tags: list[Meaning], steps: list[Step]) -> None:
    around = Neighbourhood(tuple(members), tuple(tags))
    assert list(around.next_steps()) == steps
    kept = Neighbourhood(around.members, around.tags, spares="deletes_off")
    assert list(kept.next_steps()) == [step for step in steps if isinstance(step, Bring)]
    assert Neighbourhood.from_json(json.loads(json.dumps(around.to_json()))) == around


def test_what_cannot_be_brought_keeps_back_nothing_but_the_manifest_whose_tag_waits_for_it() -> None:
    around = Neighbourhood((gone(A), gone(R)), (Meaning(V1, B, A), Meaning(V2, None, A)))
    assert around.next_steps(stuck=["v1"]) == (Untag(V2, A),), "no DELETE comes to take it"
    untagged = Neighbourhood((gone(A), gone(R)), (Meaning(V1, B, A),))
    assert untagged.next_steps(stuck=["v1"]) == (Remove(R, (), ()),)
    assert untagged.keeps(A) == "neighbourhood"
    assert Neighbourhood((Member(A, True, False), gone(R)), ()).next_steps(stuck=[str(A)]) == (Remove(R, (), ()),)


def test_what_is_locked_is_left_with_its_tags() -> None:
    around = Neighbourhood((gone(A), gone(R, A), gone(B)), (Meaning(V1, None, A), Meaning(V2, None, B)))
    assert around.next_steps(left=[str(A)]) == (Remove(R, (), ()), Remove(B, (V2,), ()))
    assert around.keeps(A, [str(A)]) == "locked"
    assert Neighbourhood((both(A),), (Meaning(V1, None, A),)).next_steps(left=["v1"]) == ()


def test_why_something_is_kept() -> None:
    assert Neighbourhood((both(A),)).keeps(A) is None
    assert Neighbourhood((gone(A),), spares="deletes_off").keeps(A) == "deletes_off"
    assert Neighbourhood((gone(A), gone(R, A, bound=True))).keeps(A) == "out_of_scope"
