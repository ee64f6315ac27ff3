"""How a run is said to have ended."""

import json
from dataclasses import replace

import pytest

from replication.conclusions import Ended, conclude, conclude_around
from replication.decisions import Held
from replication.failures import Failure
from replication.neighbourhood import Meaning, Member, Neighbourhood
from replication.outcomes import Name, Outcome, summary
from replication.progress import Wide
from replication.references import Digest, Repository, Tag
from replication.work import Seen, Work

OLD, NEW = Digest("1" * 64), Digest("2" * 64)
V1 = Tag("v1")
FAILURE = Failure(kind="denied", code="entra_denied", doing="sign in", said="no", hint="mend it")
LOCKED = replace(FAILURE, kind="conflict", code="locked")


def work(*, tag: Tag | None = V1, digest: Digest = NEW, removing: bool = False) -> Work:
    return Work(target="china", repository=Repository("team/app"), tag=tag, digest=digest, removing=removing)


@pytest.mark.parametrize(
    "source, target, changed, outcome, held",
    [
        pytest.param(Held(NEW, True), Held(NEW, True), True, "replicated", NEW, id="brought"),
        pytest.param(Held(NEW, True), Held(NEW, True), False, "already_current", NEW, id="was there already"),
        pytest.param(Held(OLD, True), Held(OLD, True), True, "superseded", OLD, id="the tag means something else by now, here too"),
        pytest.param(Held(OLD, True), Held(OLD, True), False, "superseded", OLD, id="and somebody else has brought it"),
    ],
)
def test_a_push_of_a_tag_has(source: Held, target: Held, changed: bool, outcome: Name, held: Digest | None) -> None:
    assert conclude(work(), Seen(source=source, target=target), brought=changed) == (outcome, held, None)


@pytest.mark.parametrize("changed, outcome", [(True, "replicated"), (False, "already_current")])
def test_a_push_of_a_digest_has(changed: bool, outcome: Name) -> None:
    seen = Seen(source=Held(None, True), target=Held(None, True))
    assert conclude(work(tag=None), seen, brought=changed) == (outcome, NEW, None)


GONE, HERE, BOTH, TARGET = Member(NEW, False, False), Member(NEW, True, True), Member(NEW, True, True), Member(NEW, False, True)


@pytest.mark.parametrize(
    "around, removed, outcome",
    [
        pytest.param(Neighbourhood((GONE,)), True, ("deleted", None, None), id="taken away"),
        pytest.param(Neighbourhood((GONE,)), False, ("already_absent", None, None), id="was not there"),
        pytest.param(Neighbourhood((BOTH,)), False, ("already_current", NEW, None), id="deleted, pushed again, and here"),
        pytest.param(Neighbourhood((TARGET,), spares="deletes_off"), False, ("kept", NEW, "deletes_off"), id="not to be removed"),
        pytest.param(Neighbourhood((TARGET,)), False, ("kept", NEW, "neighbourhood"), id="a tag on it cannot be brought forward"),
        pytest.param(Neighbourhood((replace(TARGET, bound=True),)), False, ("kept", NEW, "out_of_scope"), id="not ours alone"),
    ],
)
def test_a_deletion_has(around: Neighbourhood, removed: bool, outcome: Ended) -> None:
    wide = Wide(removed=[{"digest": str(NEW)}] if removed else [])
    assert conclude_around(work(tag=None, removing=True), around, wide, brought=False) == outcome


def test_a_deletion_that_brought_something_says_so() -> None:
    assert conclude_around(work(tag=None, removing=True), Neighbourhood((BOTH,)), Wide(), brought=True) == ("replicated", NEW, None)


@pytest.mark.parametrize("left", [str(NEW), "v1"])
def test_what_is_locked_is_kept(left: str) -> None:
    tag = Meaning(V1, None, NEW)
    around = Neighbourhood((TARGET if left == str(NEW) else BOTH,), (tag,))
    assert conclude_around(work(), around, Wide(left=[left]), brought=False) == ("kept", NEW, "locked")


@pytest.mark.parametrize(
    "member, source, target, outcome",
    [
        pytest.param(BOTH, None, None, ("untagged", None, None), id="its tag is gone, and gone here"),
        pytest.param(GONE, None, None, ("already_absent", None, None), id="gone on both sides"),
        pytest.param(GONE, OLD, OLD, ("superseded", OLD, None), id="the tag means something else, and what was pushed is history"),
        pytest.param(HERE, NEW, NEW, ("already_current", NEW, None), id="all is well"),
    ],
)
def test_a_push_that_had_to_look_around_has(member: Member, source: Digest | None, target: Digest | None, outcome: Ended) -> None:
    around = Neighbourhood((member,), (Meaning(V1, source, target),))
    assert conclude_around(work(), around, Wide(), brought=False) == outcome


@pytest.mark.parametrize(
    "outcome, line",
    [
        (Outcome(target="china", outcome="replicated", seconds=3.21, digest=str(NEW)), "china: replicated in 3.2 s"),
        (Outcome(target="china", outcome="kept", seconds=0, reason="locked", failure=LOCKED), "china: kept (locked) in 0.0 s"),
        (Outcome(target="china", outcome="kept", seconds=60, reason="neighbourhood"), "china: kept (neighbourhood) in 60.0 s"),
        (Outcome(target="usgov", outcome="failed", seconds=3600.04, failure=FAILURE), "usgov: failed (entra_denied) in 3600.0 s"),
    ],
)
def test_an_outcome_survives_being_stored_and_reads_as_a_line(outcome: Outcome, line: str) -> None:
    assert Outcome.from_json(json.loads(json.dumps(outcome.to_json()))) == outcome
    assert str(outcome) == line


def test_a_summary_names_every_target_once_those_that_are_at_it_last() -> None:
    ended = [Outcome(target=name, outcome="replicated", seconds=1) for name in ("usgov", "china")]
    assert summary(ended, {"b", "a"}) == "china: replicated in 1.0 s; usgov: replicated in 1.0 s; a: running; b: running"
    assert summary([], []) == ""


@pytest.mark.parametrize("one", [work(), work(tag=None, removing=True)])
def test_work_survives_being_stored(one: Work) -> None:
    assert Work.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert one.of(OLD, None) == Work(target="china", repository=Repository("team/app"), tag=None, digest=OLD, removing=one.removing)


def test_what_was_seen_survives_being_stored() -> None:
    seen = Seen(source=Held(None, False), target=Held(NEW, True), unclaimed=True)
    assert Seen.from_json(json.loads(json.dumps(seen.to_json()))) == seen
