"""Whatever removes: the steps of a run that looks at a digest's whole neighbourhood, in the order in which they must come."""

from typing import Any

import pytest

from replication.limits import Limits
from tests.replay.play import Played, play
from tests.replay.shapes import (
    ENDED,
    MOVED,
    NEW,
    NO_IMPORTS,
    OK,
    OLD,
    THIRD,
    USUAL,
    WHOLE,
    around,
    failed,
    lacking,
    member,
    running,
    seen,
    work,
)

DELETE = work(tag=None, removing=True)
STANDING = member(NEW, source=False, target=True)
AWAY = around(member(NEW, source=False, target=False))
SETTLE, DELAY = 60, 300
NEXT = f"sha256:{'0' * 63}4"


def clear(given: dict[str, Any] = DELETE, **answers: Any) -> Played:
    return play("publish_to_target", given, **{**USUAL, **answers})


def outcome(run: Played) -> tuple[str, str | None]:
    return run.output["outcome"], run.output["reason"]


def test_it_looks_at_once_and_again_after_the_settling_time() -> None:
    run = clear(look_around=[around(STANDING, v1=(None, NEW)), AWAY])
    assert run.names == ["authenticate_target", "open_imports", "look_around", "delete_artifact", "look_around", "look_around"]
    assert run.slept() == [SETTLE]
    assert (outcome(run), run.output["digest"]) == (("deleted", None), None)
    assert run.output["removed"] == [{"digest": NEW, "tags": ["v1"], "with": []}]


def test_what_it_has_seen_once_stays_in_sight() -> None:
    first = around(STANDING, member(THIRD, source=False, target=True, subject=NEW), v1=(None, NEW))
    run = clear(look_around=[first, AWAY])
    asked = [(given["digests"], given["tags"]) for name, given in run.calls if name == "look_around"]
    assert asked == [([NEW], []), ([NEW, THIRD], ["v1"]), ([NEW, THIRD], ["v1"])]
    assert run.output["removed"] == [{"digest": NEW, "tags": ["v1"], "with": [THIRD]}]


def test_what_comes_back_to_the_target_is_deleted_again() -> None:
    run = clear(look_around=[around(STANDING), AWAY, around(STANDING), AWAY])
    assert run.names.count("delete_artifact") == 2


def test_what_the_source_has_again_is_brought() -> None:
    back, there = around(member(NEW, source=True, target=False)), around(member(NEW, source=True, target=True))
    run = clear(look_around=[back, there], start_import=ENDED)
    assert "delete_artifact" not in run.names
    assert outcome(run) == ("replicated", None)


def test_what_comes_back_right_before_the_delete_stays() -> None:
    run = clear(look_around=[around(STANDING), around(member(NEW, source=True, target=True))], delete_artifact={"state": "came_back"})
    assert (outcome(run), run.output["removed"]) == (("already_current", None), [])


def test_what_goes_while_it_is_asked_for_is_told_whoever_did_it() -> None:
    """Most likely this step, in a process that died before it could tell."""
    run = clear(look_around=[around(STANDING), AWAY], delete_artifact={"state": "absent"})
    assert outcome(run) == ("deleted", None)
    assert run.output["removed"] == [{"digest": NEW, "tags": [], "with": []}]


def test_what_is_on_neither_side_is_absent_already() -> None:
    run = clear(look_around=AWAY)
    assert (outcome(run), run.timers) == (("already_absent", None), [])


def test_a_tag_that_has_moved_on_is_brought_forward_before_the_manifest_goes() -> None:
    before, between = around(STANDING, v1=(OLD, NEW)), around(STANDING, v1=(OLD, OLD))
    after = around(member(NEW, source=False, target=False), v1=(OLD, OLD))
    run = clear(look_around=[before, between, after])
    assert [name for name in run.names if name in ("move_tag", "delete_artifact")] == ["move_tag", "delete_artifact"]
    assert outcome(run) == ("deleted", None)


def test_a_manifest_stays_while_a_tag_on_it_cannot_be_brought_forward() -> None:
    """Its tags that the source no longer has go one by one; when the source's index is whole again, the rest follows."""
    waits, alone = around(STANDING, v1=(OLD, NEW), v2=(None, NEW)), around(STANDING, v1=(OLD, NEW), v2=(None, None))
    forward, after = around(STANDING, v1=(OLD, OLD)), around(member(NEW, source=False, target=False), v1=(OLD, OLD))
    run = clear(
        look_around=[waits, waits, alone, alone, alone, forward, after],
        verify_digest=[lacking(OLD, THIRD), lacking(OLD, THIRD), OK],
        examine_source=[{"gone": False, "lacks": [THIRD]}, WHOLE],
        start_import=running(),
    )
    changes = [name for name in run.names if name in ("move_tag", "delete_artifact", "remove_tag", "start_import")]
    assert changes == ["remove_tag", "start_import", "move_tag", "delete_artifact"]
    assert outcome(run) == ("deleted", None)


def test_what_is_locked_is_left_with_its_tags_and_told_and_the_rest_goes() -> None:
    both = around(STANDING, member(OLD, source=False, target=True), v1=(None, NEW))
    run = clear(look_around=[both, around(STANDING, v1=(None, NEW))], delete_artifact=[failed("conflict", "locked"), {"state": "deleted"}])
    assert [given["digest"] for name, given in run.calls if name == "delete_artifact"] == [NEW, OLD]
    assert outcome(run) == ("kept", "locked")
    assert "remove_tag" not in run.names


def test_where_deletes_are_off_nothing_goes() -> None:
    run = clear(look_around=around(STANDING, v1=(None, NEW), spares="deletes_off"))
    assert outcome(run) == ("kept", "deletes_off")
    assert not {"delete_artifact", "remove_tag"} & set(run.names)


def test_a_refused_delete_is_looked_at_anew_after_the_pause() -> None:
    """What it rests on may have changed meanwhile."""
    run = clear(
        look_around=[around(STANDING), around(STANDING), AWAY], delete_artifact=[failed("throttled", "throttled", 47), {"state": "deleted"}]
    )
    assert run.names[2:6] == ["look_around", "delete_artifact", "look_around", "delete_artifact"]
    assert run.slept()[0] == 47


def test_a_delete_whose_answer_was_lost_is_looked_at_once_more_long_after() -> None:
    run = clear(look_around=[around(STANDING), AWAY], delete_artifact=failed("transient", "unreachable"))
    assert run.slept() == [2, 600]
    assert outcome(run) == ("deleted", None)


def test_a_source_that_does_not_answer_deletes_nothing() -> None:
    run = clear(look_around=failed("transient", "absence_unproven"))
    assert "delete_artifact" not in run.names
    assert run.output["failure"]["code"] == "absence_unproven"


class TestOpenImports:
    """A removal first waits for what may still land in the repository."""

    def test_it_waits_for_those_that_are_open_when_it_begins(self) -> None:
        still = {"generations": ["g1"], "retry_after": 15}
        run = clear(
            look_around=[around(STANDING), AWAY], open_imports=[{"generations": ["g1", "g2"], "retry_after": 10}, still, NO_IMPORTS]
        )
        assert [given.get("generations") for name, given in run.calls if name == "open_imports"] == [None, ["g1", "g2"], ["g1"]]
        assert run.slept() == [10, 15, SETTLE, SETTLE]
        assert outcome(run) == ("deleted", None)

    def test_one_that_never_ends_is_looked_after_once_more_long_after(self) -> None:
        run = clear(look_around=[around(STANDING), AWAY], open_imports={"generations": ["g1"], "retry_after": 10})
        assert run.took.total_seconds() > Limits().import_deadline
        assert run.slept()[-1] == 600
        assert run.longest < 500


class TestPushes:
    def test_one_whose_source_is_gone_waits_out_its_doubts_and_removes(self) -> None:
        after = around(member(NEW, source=False, target=False), v1=(None, None))
        run = clear(work(), look=seen((None, False), (NEW, True)), look_around=[around(STANDING, v1=(None, NEW)), after])
        assert sum(run.slept()) == pytest.approx(900 + SETTLE, abs=1)
        assert outcome(run) == ("deleted", None)

    def test_one_whose_tag_is_gone_takes_the_tag(self) -> None:
        both = member(NEW, source=True, target=True)
        run = clear(work(), look=seen((None, True), (NEW, True)), look_around=[around(both, v1=(None, NEW)), around(both, v1=(None, None))])
        assert outcome(run) == ("untagged", None)
        assert run.output["removed"] == [{"tag": "v1", "digest": NEW}]

    def test_one_that_lacks_something_at_the_source_waits_the_delete_delay_before_it_removes(self) -> None:
        """It has not doubted the source before; and the rest is done while it waits."""
        mine = member(NEW, source=True, target=True)
        lost = member(OLD, source=False, target=False)
        more = around(mine, lost, member(THIRD, source=False, target=True, subject=OLD), v1=(NEW, NEW))
        run = clear(
            work(),
            look=seen((NEW, True), (NEW, True), index=True),
            look_around=[more, more, around(mine, v1=(NEW, NEW))],
            verify_digest=[lacking(NEXT)] * 4 + [OK],
            examine_source=[{"gone": False, "lacks": [NEXT]}] * 2 + [WHOLE],
            start_import=running(),
        )
        assert run.slept()[:3] == [DELAY, SETTLE, 30]
        assert [name for name in run.names if name in ("delete_artifact", "start_import")] == ["delete_artifact", "start_import"]
        assert run.output["outcome"] == "already_current"

    def test_the_outcome_is_told_before_the_run_settles(self) -> None:
        run = clear(look_around=[around(STANDING), AWAY])
        told = run.statuses[-1]["outcome"]
        assert (told["outcome"], told["seconds"]) == ("deleted", run.output["seconds"])


def test_what_else_stands_at_the_target_alone_is_not_a_pushs_to_remove() -> None:
    """Somebody's own signature, and his tag: no event named them, and what they hang on stands."""
    mine, theirs = member(NEW, source=True, target=True), member(OLD, source=False, target=True, subject=NEW)
    run = clear(
        work(),
        look=seen((None, True), (NEW, True)),
        look_around=[around(mine, theirs, v1=(None, NEW), y=(None, NEW)), around(mine, theirs, v1=(None, None), y=(None, NEW))],
    )
    assert [name for name in run.names if name in ("delete_artifact", "remove_tag")] == ["remove_tag"]
    assert run.output["removed"] == [{"tag": "v1", "digest": NEW}]


def test_one_that_is_refused_for_good_keeps_back_none_of_the_others() -> None:
    both = around(STANDING, member(OLD, source=False, target=True))
    run = clear(look_around=[both, around(STANDING)], delete_artifact=[failed("conflict", "quarantined"), {"state": "deleted"}])
    assert [given["digest"] for name, given in run.calls if name == "delete_artifact"] == [NEW, OLD]
    assert run.output["failure"]["code"] == "quarantined"
    assert run.output["removed"] == [{"digest": OLD, "tags": [], "with": []}]


def test_hundreds_of_steps_of_one_look_keep_history_and_status_short() -> None:
    tags = [f"tag-{number:03}" for number in range(300)]
    left = set(tags)

    def look(_: dict[str, Any]) -> dict[str, Any]:
        both = around(member(NEW, source=True, target=True))
        return both | {"tags": [{"tag": tag, "source": None, "target": NEW if tag in left else None} for tag in tags]}

    def remove(given: dict[str, Any]) -> dict[str, Any]:
        left.discard(given["tag"])
        return {"state": "untagged"}

    run = clear(look_around=look, remove_tag=remove)
    assert left == set()
    assert (len(run.output["removed"]), run.output["untold"]) == (100, 200)
    assert run.longest < 500


@pytest.mark.parametrize("patience", [3600.0, 86_400.0])
def test_steps_that_wait_long_stay_within_500_history_events(patience: float) -> None:
    """The source has moved the tag, so it is brought forward, then the manifest goes; each step is refused again and again."""
    times = 30 if patience > 3600 else 12
    busy = [failed("throttled", "throttled", 30)] * times
    standing = around(STANDING, member(THIRD, source=True, target=False), v1=(THIRD, NEW))
    moved = around(STANDING, member(THIRD, source=True, target=True), v1=(THIRD, THIRD))
    gone = around(member(NEW, source=False, target=False), member(THIRD, source=True, target=True), v1=(THIRD, THIRD))
    done: set[str] = set()

    def then(name: str, answer: dict[str, Any]) -> Any:
        left = iter(busy)

        def answered(_: dict[str, Any]) -> dict[str, Any]:
            refused = next(left, None)
            done.update([] if refused else [name])
            return refused or answer

        return answered

    def look(_: dict[str, Any]) -> dict[str, Any]:
        return gone if "delete_artifact" in done else moved if "move_tag" in done else standing

    looks = iter([*busy])
    run = clear(
        work(tag=None, removing=True, limits=Limits(patience=patience)),
        open_imports=then("open_imports", NO_IMPORTS),
        look_around=lambda given: next(looks, None) or look(given),
        verify_digest=lambda given: OK if "start_import" in done else lacking(),
        start_import=then("start_import", running()),
        move_tag=then("move_tag", MOVED),
        delete_artifact=then("delete_artifact", {"state": "deleted"}),
    )
    assert run.output["outcome"] == "deleted"
    assert run.longest <= 500
