"""How a run is said to have ended."""

import json
from dataclasses import replace

import pytest

from replication.decisions import Held, Keep, Rest
from replication.failures import Failure
from replication.outcomes import Name, Outcome, conclude, summary
from replication.references import Digest, Repository, Tag
from replication.work import Seen, Work
from tests.unit.replication.world import World, all_looks

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
        pytest.param(Held(OLD, False), Held(OLD, False), False, "superseded", OLD, id="and what was pushed is history"),
        pytest.param(Held(None, False), Held(None, False), False, "already_absent", None, id="gone on both sides"),
        pytest.param(
            Held(None, False), Held(None, False), True, "already_absent", None, id="gone while it was brought; this run removed nothing"
        ),
        pytest.param(Held(None, True), Held(None, True), True, "replicated", None, id="the content came, the tag has gone"),
        pytest.param(Held(None, True), Held(None, True), False, "already_current", None, id="the content was there, the tag has gone"),
    ],
)
def test_a_push_of_a_tag_has(source: Held, target: Held, changed: bool, outcome: Name, held: Digest | None) -> None:
    assert conclude(work(), Seen(source=source, target=target), Rest(), brought=changed, removed=False) == (outcome, held, None)


@pytest.mark.parametrize(
    "present, changed, removing, outcome",
    [
        (True, True, False, "replicated"),
        (True, False, False, "already_current"),
        (False, False, False, "already_absent"),
        (False, True, True, "deleted"),
        (False, False, True, "already_absent"),
        pytest.param(True, False, True, "already_current", id="deleted, pushed again, and here"),
        pytest.param(True, True, True, "replicated", id="deleted, pushed again, and brought"),
    ],
)
def test_a_run_for_a_digest_has(present: bool, changed: bool, removing: bool, outcome: Name) -> None:
    seen = Seen(source=Held(None, present), target=Held(None, present))
    held = NEW if present else None
    assert conclude(work(tag=None, removing=removing), seen, Rest(), brought=present and changed, removed=not present and changed) == (
        outcome,
        held,
        None,
    )


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("tag, held", [(V1, OLD), (None, NEW)])
def test_what_is_kept_is_told_with_what_is_held(tag: Tag | None, held: Digest, changed: bool) -> None:
    seen = Seen(source=Held(None, False), target=Held(OLD if tag else None, True))
    assert conclude(work(tag=tag), seen, Keep("neighbourhood"), brought=changed, removed=False) == ("kept", held, "neighbourhood")


def test_what_is_told_is_true() -> None:
    """Of every world in which a run has nothing left to do."""
    for world, tag, digest, removing in all_looks():
        step = world.decide(tag, digest, removing=removing)
        if isinstance(step, Rest | Keep):
            for brought, removed in ((False, False), (True, False), (False, True)):
                check(world, work(tag=tag, digest=digest, removing=removing), step, brought=brought, removed=removed)


def check(world: World, done: Work, step: Rest | Keep, *, brought: bool, removed: bool) -> None:
    tag, digest, source, target = done.tag, done.digest, world.source, world.target
    seen = Seen(source=source.holds(tag, digest), target=target.holds(tag, digest))
    name, held, reason = conclude(done, seen, step, brought=brought, removed=removed)
    assert (reason is not None) == (name == "kept") == isinstance(step, Keep)
    assert held == (target.tags.get(tag) if tag else digest if digest in target.digests else None)
    match name:
        case "replicated" | "already_current":
            assert digest in source.digests & target.digests
            assert brought == (name == "replicated")
        case "deleted" | "already_absent":
            assert digest not in source.digests | target.digests
            assert removed == (name == "deleted")
        case "superseded":
            assert tag is not None
            assert source.tags[tag] == target.tags[tag] != digest


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
    seen = Seen(source=Held(None, False), target=Held(NEW, True), standing=frozenset({Tag("b"), Tag("a")}))
    assert Seen.from_json(json.loads(json.dumps(seen.to_json()))) == seen
    assert seen.to_json()["standing"] == ["a", "b"]
