"""Instance ids, as DESIGN.md and Durable Functions want them: "Instance IDs" forbids some characters, and 256 is what storage takes."""

import json
import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from replication.events import ImageEvent
from replication.instances import child_id, is_run, prefix, readable, rejected_id, run_id
from replication.references import Repository, Tag
from tests.unit.replication.strategies import REGISTRY, long_repositories, repositories, tags, valid_events

DIGEST = f"sha256:{'a' * 64}"
LONGEST_TARGET = "-" * 32
FORBIDDEN = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")


def event(repository: str = "team/app", tag: str | None = "v1", **changed: Any) -> ImageEvent:
    target = {"repository": repository, "tag": tag, "digest": DIGEST}
    value = {"id": "1", "eventType": "ImagePushed", "topic": REGISTRY, "data": {"target": target}, **changed}
    return ImageEvent.parse(json.dumps(value), REGISTRY)


def test_an_id_is_readable_in_front_and_unique_behind() -> None:
    # sha256 of the lower-case topic, a line feed, and the event's id: what runs in flight are known by must not change.
    assert run_id(event()) == "team!app:v1~f81c831e6db6095a"
    assert run_id(event(tag=None)) == "team!app:-~f81c831e6db6095a"
    assert child_id(run_id(event()), "china") == "team!app:v1~f81c831e6db6095a~china"


def test_a_redelivery_has_the_id_of_the_first_delivery_and_another_event_has_not() -> None:
    assert run_id(event(topic=REGISTRY.upper(), eventTime="later")) == run_id(event())
    assert run_id(event(id="2")) != run_id(event())


def test_a_long_id_is_cut_in_its_readable_part_alone() -> None:
    identifier = run_id(event("a" * 255, "b" * 128))
    assert identifier == "a" * 150 + "~" + run_id(event()).partition("~")[2]
    assert run_id(event("a" * 140, "b" * 128)).startswith("a" * 140 + ":" + "b" * 9 + "~")


@given(valid_events())
def test_an_id_is_fit_to_be_stored_whatever_the_event(text: str) -> None:
    parsed = ImageEvent.parse(text, REGISTRY)
    for identifier in (run_id(parsed), child_id(run_id(parsed), LONGEST_TARGET)):
        assert not FORBIDDEN.search(identifier)
        assert identifier.isascii()
        assert len(identifier) <= 256
        assert not identifier.startswith("@")  # those are entities
    assert len(run_id(parsed).rpartition("~")[2]) == 16
    assert len(run_id(parsed).rpartition("~")[0]) <= 150


@given(valid_events())
def test_prefixes_begin_the_ids_that_they_are_for(text: str) -> None:
    parsed = ImageEvent.parse(text, REGISTRY)
    assert run_id(parsed).startswith(prefix(parsed.repository, parsed.tag))
    assert run_id(parsed).startswith(readable(parsed.repository))


@given(repositories | long_repositories, st.none() | tags, repositories | long_repositories, st.none() | tags)
def test_two_names_share_a_prefix_only_where_it_is_cut(one: str, tag: str | None, other: str, other_tag: str | None) -> None:
    assume((one, tag) != (other, other_tag))
    prefixes = [prefix(Repository.parse(name), None if t is None else Tag.parse(t)) for name, t in ((one, tag), (other, other_tag))]
    assert prefixes[0] != prefixes[1] or len(prefixes[0]) == 151


@given(valid_events(), st.from_regex(r"\A[a-z0-9-]{1,32}\Z"), st.text())
def test_runs_their_parts_and_rejected_events_are_told_apart(text: str, target: str, raw: str) -> None:
    run = run_id(ImageEvent.parse(text, REGISTRY))
    assert is_run(run)
    assert not is_run(child_id(run, target))
    assert not is_run(rejected_id(raw))


def test_a_repository_called_rejected_has_runs_all_the_same() -> None:
    assert is_run(run_id(event("rejected")))


@given(st.text() | st.sampled_from(["\ud800", "/\\#?\x00", "~" * 300]))
def test_nothing_of_a_rejected_event_is_in_its_id(raw: str) -> None:
    assert re.fullmatch(r"rejected~[0-9a-f]{16}", rejected_id(raw))


def test_a_rejected_event_that_is_delivered_again_has_the_same_id() -> None:
    assert rejected_id("{}") == "rejected~44136fa355b3678a"
    assert rejected_id("{} ") != rejected_id("{}")
