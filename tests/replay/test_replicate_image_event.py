"""One event, fanned out to the targets and gathered again."""

from typing import Any

import pytest

from replication.limits import Limits
from tests.replay.play import play
from tests.replay.shapes import IN, NEW, event, failed


def outcome_of(given: dict[str, Any], slow: str = "") -> dict[str, Any]:
    target = given["work"]["target"]
    ended = {"target": target, "outcome": "replicated", "seconds": 1.5, "digest": NEW, "reason": None, "failure": None}
    return {**ended, "after": 60 if target == slow else 1}


def test_every_target_has_its_own_part_with_an_explicit_id() -> None:
    run = play("replicate_image_event", event(), fetch_source_token=IN, publish_to_target=outcome_of)
    assert run.children == ["team!app:v1~0123456789abcdef~china", "team!app:v1~0123456789abcdef~usgov"]
    assert [one["outcome"] for one in run.output["outcomes"]] == ["replicated", "replicated"]
    assert run.timers == []


def test_a_target_may_have_limits_of_its_own() -> None:
    own = {**Limits().to_json(), "patience": 5}
    run = play("replicate_image_event", {**event(), "own_limits": {"usgov": own}}, fetch_source_token=IN, publish_to_target=outcome_of)
    limits = [given["limits"]["patience"] for name, given in run.calls if name == "publish_to_target"]
    assert limits == [3600, 5]


def test_a_slow_target_hides_no_other() -> None:
    run = play("replicate_image_event", event(), fetch_source_token=IN, publish_to_target=lambda given: outcome_of(given, slow="china"))
    messages = [status["message"] for status in run.statuses]
    assert messages == [
        "getting a pull token",
        "china: running; usgov: running",
        "usgov: replicated in 1.5 s; china: running",
        "china: replicated in 1.5 s; usgov: replicated in 1.5 s",
    ]


def test_a_bug_in_one_part_costs_the_others_nothing() -> None:
    run = play("replicate_image_event", event(), fetch_source_token=IN, publish_to_target=[RuntimeError("a bug"), outcome_of])
    assert [one["outcome"] for one in run.output["outcomes"]] == ["failed", "replicated"]
    assert run.output["outcomes"][0]["failure"]["code"] == "unexpected"


def test_what_no_target_wants_is_not_asked_for() -> None:
    run = play("replicate_image_event", event(), fetch_source_token={"filtered": {"china": "tag", "usgov": "repository"}})
    assert run.calls == [("fetch_source_token", {"repository": "team/app", "tag": "v1", "targets": ["china", "usgov"]})]
    assert [(one["outcome"], one["reason"]) for one in run.output["outcomes"]] == [("filtered", "tag"), ("filtered", "repository")]


def test_a_delete_waits_before_anybody_looks() -> None:
    run = play("replicate_image_event", event("delete", tag=None), fetch_source_token=IN, publish_to_target=outcome_of)
    assert run.slept() == [300]
    assert all(given["work"]["removing"] for name, given in run.calls if name == "publish_to_target")


def test_a_deleted_repository_is_looked_at_whole_after_the_delete_delay() -> None:
    run = play("replicate_image_event", event("delete", tag=None, digest=None), fetch_source_token=IN, converge_repository=outcome_of)
    assert run.slept() == [300]
    assert [name for name, _ in run.calls] == ["fetch_source_token", "converge_repository", "converge_repository"]
    assert {given["work"]["digest"] for name, given in run.calls if name == "converge_repository"} == {None}


def test_a_hundred_targets_fit_into_the_status() -> None:
    targets = tuple(f"{number:032d}" for number in range(100))
    run = play("replicate_image_event", event(targets=targets), fetch_source_token=IN, publish_to_target=outcome_of)
    assert len(run.output["outcomes"]) == 100
    assert max(len(str(status).encode("utf-16-le")) for status in run.statuses) < 16 * 1024
    assert len(run.history) < 500


@pytest.mark.parametrize("refusals", [0, 11])
@pytest.mark.parametrize("ends", [outcome_of, RuntimeError("a bug")], ids=["well", "all throw"])
def test_a_hundred_targets_stay_within_500_history_events(refusals: int, ends: Any) -> None:
    targets = tuple(f"{number:032d}" for number in range(100))
    token = [failed("throttled", "throttled", 30)] * refusals + [IN]
    run = play("replicate_image_event", event("delete", targets=targets), fetch_source_token=token, publish_to_target=ends)
    assert len(run.output["outcomes"]) == len(run.children) == 100
    assert run.longest <= 500
    assert len([name for name, _ in run.calls if name == "record_outcomes"]) == (0 if ends is outcome_of else 1)


def test_a_rejected_event_ends_at_once() -> None:
    run = play("record_rejected_event", {"reason": "it is not JSON", "event": '{"__class__": "x"'})
    assert run.output == {"state": "rejected", "reason": "it is not JSON"}
