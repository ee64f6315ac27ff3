"""The one decision, case by case."""

import pytest

from replication.decisions import Bring, Held, Rest, Step, Widen, contradicts_push, next_step
from replication.references import Digest, Tag

OLD, NEW = Digest("1" * 64), Digest("2" * 64)
V1 = Tag("v1")
NOWHERE = Held(None, False)


@pytest.mark.parametrize(
    "source, target, step",
    [
        pytest.param(Held(NEW, True), NOWHERE, Bring(NEW, V1), id="a new tag on new content"),
        pytest.param(Held(NEW, True), Held(None, True), Bring(NEW, V1), id="the content is there, its tag is not"),
        pytest.param(Held(NEW, True), Held(OLD, True), Bring(NEW, V1), id="the tag means older content at the target"),
        pytest.param(Held(NEW, True), Held(NEW, True), Rest(), id="a duplicate event finds nothing to do"),
        pytest.param(
            Held(OLD, True),
            Held(OLD, False),
            Bring(NEW, None),
            id="the tag has moved on, and the event's own content is still to be brought",
        ),
        pytest.param(Held(OLD, True), NOWHERE, Bring(OLD, V1), id="a late event brings what the tag means now"),
        pytest.param(Held(OLD, False), Held(OLD, False), Widen(), id="moved on, and what hung on the event's content may hang here still"),
        pytest.param(Held(OLD, False), Held(NEW, True), Bring(OLD, V1), id="moved on: forward first, whatever else there is to do"),
        pytest.param(Held(OLD, False), Held(OLD, True), Widen(), id="its content is gone at the source: no push removes"),
        pytest.param(Held(None, True), Held(NEW, True), Widen(), id="untagged at the source, which sends no event"),
        pytest.param(Held(None, True), Held(OLD, False), Bring(NEW, None), id="untagged, but its content comes first"),
        pytest.param(Held(None, False), Held(NEW, True), Widen(), id="all of it is gone at the source: no push removes"),
        pytest.param(Held(None, False), Held(OLD, False), Widen(), id="a tag that only the target has"),
        pytest.param(NOWHERE, NOWHERE, Widen(), id="gone on both sides, but not surely what hung on it"),
    ],
)
def test_a_push_of_a_tag(source: Held, target: Held, step: Step) -> None:
    assert next_step(tag=V1, digest=NEW, source=source, target=target) == step


@pytest.mark.parametrize(
    "at_source, at_target, step",
    [
        (True, False, Bring(NEW, None)),
        (True, True, Rest()),
        (False, True, Widen()),
        (False, False, Widen()),
    ],
)
def test_a_push_by_digest_alone(at_source: bool, at_target: bool, step: Step) -> None:
    source, target = Held(None, at_source), Held(None, at_target)
    assert next_step(tag=None, digest=NEW, source=source, target=target) == step


@pytest.mark.parametrize(
    "tag, source, contradicts",
    [
        (V1, Held(NEW, True), False),
        (V1, Held(OLD, True), True),
        (V1, Held(None, True), True),
        (V1, Held(NEW, False), True),
        (V1, NOWHERE, True),
        (None, Held(None, True), False),
        (None, NOWHERE, True),
    ],
)
def test_a_source_that_does_not_answer_what_was_pushed_contradicts_the_event(tag: Tag | None, source: Held, contradicts: bool) -> None:
    assert contradicts_push(tag=tag, digest=NEW, source=source) is contradicts


@pytest.mark.parametrize("held", [Held(NEW, True), Held(NEW, False), Held(None, True), NOWHERE])
def test_what_is_held_survives_being_stored(held: Held) -> None:
    assert Held.from_json(held.to_json()) == held
