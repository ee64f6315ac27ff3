"""A whole repository, page by page; and all repositories of a target."""

from typing import Any

import pytest

from replication.limits import Limits
from tests.replay.play import Played, play
from tests.replay.shapes import IN, NEW, NO_IMPORTS, OK, OLD, T0_TEXT, around, failed, member, running

USUAL = {"authenticate_target": IN, "weigh_removal": {"manifests": 3}, "open_imports": NO_IMPORTS, "delete_artifact": {"state": "deleted"}}
TARGET = {"target": "china", "limits": Limits().to_json(), "after": None}
DONE = {"target": "china", "outcome": "already_current", "seconds": 1, "digest": None, "reason": None, "failure": None}
NOTHING = {"digests": [], "tags": [], "more": False}


def given(**more: Any) -> dict[str, Any]:
    work = {"target": "china", "repository": "team/app", "tag": None, "digest": None, "removing": True}
    return {"work": work, "limits": Limits().to_json(), "began": T0_TEXT, **more}


def converge(what: dict[str, Any] | None = None, **answers: Any) -> Played:
    return play("converge_repository", what or given(), **{**USUAL, **answers})


def page(*digests: str) -> dict[str, Any]:
    return {"digests": list(digests), "tags": ["v1"], "more": False}


def test_indexes_go_before_what_they_list() -> None:
    index, image = around(member(NEW, source=False, target=True)), around(member(OLD, source=False, target=True))
    gone = around(member(NEW, source=False, target=False), member(OLD, source=False, target=False))
    run = converge(differences=[page(NEW), NOTHING, page(OLD), NOTHING], look_around=[index, gone, gone, image, gone])
    asked = [(one["indexes"], one["after"]) for name, one in run.calls if name == "differences"]
    assert asked == [(True, None), (True, NEW), (False, None), (False, OLD)]
    assert [one["digest"] for name, one in run.calls if name == "delete_artifact"] == [NEW, OLD]
    assert run.output["outcome"] == "deleted"
    assert [one["digest"] for one in run.output["removed"]] == [NEW, OLD]


def test_a_long_list_keeps_the_history_short() -> None:
    digests = [f"sha256:{number:064x}" for number in range(100)]
    pages, left = [page(*digests[:50]), page(*digests[50:])], set(digests)

    def look(given: dict[str, Any]) -> dict[str, Any]:
        return around(*(member(one, source=False, target=one in left) for one in given["digests"]))

    def delete(given: dict[str, Any]) -> dict[str, Any]:
        if len(left) % 10 == 0 and given["digest"] not in refused:
            refused.add(given["digest"])
            return failed("transient", "unreachable")
        left.discard(given["digest"])
        return {"state": "deleted"}

    refused: set[str] = set()
    run = converge(differences=[NOTHING, *pages, NOTHING], look_around=look, delete_artifact=delete)
    assert run.output["outcome"] == "deleted"
    assert (left, len(run.output["removed"])) == (set(), 100)
    assert run.generations > 1
    assert run.longest < 500


def test_a_source_that_cannot_be_asked_deletes_nothing() -> None:
    run = converge(differences=failed("conflict", "source_right_missing"))
    assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "source_right_missing")


def test_nothing_is_there_any_more() -> None:
    assert converge(differences=NOTHING).output["outcome"] == "already_absent"
    quiet = converge(given(extras=True), differences=NOTHING)
    assert quiet.output["outcome"] == "already_current"


@pytest.mark.parametrize("extras", [False, True], ids=["deleted", "reconciled"])
def test_without_a_word_within_days_nothing_goes(extras: bool) -> None:
    run = converge(given(extras=extras), weigh_removal={"manifests": 101})
    assert (run.output["outcome"], run.output["reason"]) == ("kept", "not_confirmed")
    assert run.statuses[-1]["state"].startswith("waiting: more than 100 manifests would be removed")
    assert "differences" not in run.names


def test_what_is_reconciled_waits_before_it_removes_and_asks_what_the_settings_say() -> None:
    kept = around(member(OLD, source=False, target=True), spares="deletes_off")
    run = converge(given(extras=True), differences=[NOTHING, page(OLD), NOTHING], look_around=kept)
    assert (run.output["outcome"], run.output["reason"]) == ("kept", "deletes_off")
    assert {one["extras"] for name, one in run.calls if name == "look_around"} == {True}


def test_a_repository_that_is_whole_again_is_current() -> None:
    there = around(member(OLD, source=True, target=True))
    assert converge(differences=[NOTHING, page(OLD), NOTHING], look_around=there).output["outcome"] == "already_current"


def test_a_tag_that_only_a_target_has_is_told() -> None:
    kept = around(member(OLD, source=True, target=True), spares="foreign", y=(None, OLD))
    run = converge(given(extras=True), differences=[NOTHING, page(OLD), NOTHING], look_around=kept)
    assert (run.output["outcome"], run.output["reason"]) == ("kept", "foreign")


def test_many_images_that_are_brought_are_no_unsettled_round() -> None:
    digests = [f"sha256:{number:064x}" for number in range(50)]
    there: set[str] = set()

    def look(asked: dict[str, Any]) -> dict[str, Any]:
        return around(*(member(one, source=True, target=one in there) for one in asked["digests"]))

    def verify(asked: dict[str, Any]) -> dict[str, Any]:
        there.add(asked["digest"])
        return OK

    run = converge(
        given(extras=True), differences=[NOTHING, page(*digests), NOTHING], look_around=look, start_import=running(), verify_digest=verify
    )
    assert (run.output["outcome"], len(there)) == ("replicated", 50)
    assert 600 not in run.slept()
    assert run.longest < 500


class TestReconciliation:
    def test_it_goes_on_from_page_to_page_and_counts(self) -> None:
        names = [f"team/app{number:02}" for number in range(12)]
        pages = [{"repositories": names, "more": True}, {"repositories": ["team/last"], "more": False}]
        answers = [DONE] * 11 + [{**DONE, "outcome": "kept", "reason": "locked"}, RuntimeError("a bug")]
        run = play("reconcile_target", TARGET, list_repositories=pages, converge_repository=answers)
        assert run.output["outcomes"] == {"already_current": 11, "kept": 1, "broken": 1}
        assert [one["said"] for one in run.output["told"]] == ["china: kept (locked) in 1.0 s", "broken"]
        assert len(set(run.children)) == 13
        assert run.generations == 2

    def test_a_source_that_may_not_be_listed_is_told(self) -> None:
        run = play("reconcile_target", TARGET, list_repositories=failed("conflict", "source_right_missing"))
        assert run.output["failure"]["code"] == "source_right_missing"

    def test_one_target_does_not_wait_for_another(self) -> None:
        part: dict[str, Any] = {"target": "china", "outcomes": {}, "told": [], "failure": None}
        answers = [RuntimeError("a bug"), part]
        run = play("reconcile", {"targets": ["usgov", "china"], "limits": Limits().to_json()}, reconcile_target=answers)
        assert [one["target"] for one in run.output["targets"]] == ["china", "usgov"]
        assert run.output["targets"][1]["broken"] is True
