"""The steps for one target, in the order in which they must come."""

from itertools import pairwise
from typing import Any

import pytest

from replication.limits import Limits
from tests.replay.play import Played, play
from tests.replay.shapes import (
    ENDED,
    IN,
    MOVED,
    NEW,
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

ALL_GONE = around(member(NEW, source=False, target=False), v1=(None, None))
NEW_IMAGE = seen((NEW, True), (None, False))
SYNCED = seen((NEW, True), (NEW, True))
GONE = seen((None, False), (None, False))
SAME = around(member(NEW, source=True, target=True), v1=(NEW, NEW))


def publish(given: dict[str, Any] | None = None, **answers: Any) -> Played:
    return play("publish_to_target", given or work(), **{**USUAL, "look_around": ALL_GONE, **answers})


def test_content_comes_first_and_the_tag_last() -> None:
    run = publish(look=[NEW_IMAGE, SYNCED], start_import=running(), verify_digest=[OK, OK])
    assert run.names == ["authenticate_target", "look", "start_import", "verify_digest", "move_tag", "verify_digest", "look"]
    content, tagged = (given for name, given in run.calls if name == "verify_digest")
    assert (content["tag"], tagged["tag"]) == (None, "v1")
    assert content["index"] is False  # the look told, so nothing is read of the source for it
    assert next(given for name, given in run.calls if name == "start_import")["tag"] is None
    assert run.output["outcome"] == "replicated"
    assert run.output["digest"] == NEW


def test_what_is_out_of_scope_is_not_even_looked_at() -> None:
    run = publish(authenticate_target={"filtered": "tag"})
    assert run.calls == [("authenticate_target", work()["work"])]
    assert (run.output["outcome"], run.output["reason"], run.output["digest"]) == ("filtered", "tag", None)


def test_what_a_look_finds_out_of_scope_is_filtered() -> None:
    run = publish(look={"filtered": "media_type"})
    assert run.names == ["authenticate_target", "look"]
    assert (run.output["outcome"], run.output["reason"]) == ("filtered", "media_type")


def test_the_outcome_is_told_before_the_run_settles() -> None:
    run = publish(look=[NEW_IMAGE, SYNCED], start_import=ENDED)
    assert run.slept() == [60]
    told = run.statuses[-1]["outcome"]
    assert told["outcome"] == "replicated"
    assert told["seconds"] == run.output["seconds"] < 1


def test_a_retag_starts_no_import() -> None:
    run = publish(look=[seen((NEW, True), (OLD, True)), SYNCED])
    assert "start_import" not in run.names
    assert run.output["outcome"] == "replicated"


def test_a_duplicate_event_finds_nothing_to_do() -> None:
    run = publish(look=SYNCED)
    assert (run.names, run.timers) == (["authenticate_target", "look"], [])
    assert run.output["outcome"] == "already_current"


def test_a_tag_that_has_moved_on_brings_what_it_means_now() -> None:
    there = seen((NEW, True), (NEW, True))
    run = publish(work(digest=OLD), look=[seen((NEW, True), (OLD, True)), there], start_import=running(), verify_digest=[lacking(), OK])
    assert next(given for name, given in run.calls if name == "start_import")["digest"] == NEW
    assert (run.output["outcome"], run.output["digest"]) == ("superseded", NEW)


def test_a_push_that_the_source_contradicts_is_looked_at_again_later_each_time() -> None:
    run = publish(look=GONE)
    assert run.output["outcome"] == "already_absent"
    assert run.names[-2:] == ["open_imports", "look_around"]  # what hung on it may hang here still
    assert sum(run.slept()) == pytest.approx(900, abs=1)
    assert all(later >= sooner for sooner, later in pairwise(run.slept()[:-1]))
    assert [status["outcome"] for status in run.statuses] == [None] * len(run.statuses)  # told only when it is sure


def test_a_stale_source_is_believed_once_it_answers_the_push() -> None:
    run = publish(look=[GONE, GONE, NEW_IMAGE, SYNCED], start_import=ENDED)
    assert run.output["outcome"] == "replicated"


def test_a_tag_that_moves_while_it_is_brought_is_looked_at_again() -> None:
    moved_on = seen((OLD, True), (None, True))
    run = publish(look=[NEW_IMAGE, moved_on, seen((OLD, True), (OLD, True))], start_import=ENDED, move_tag=[{"state": "moved_on"}, MOVED])
    assert run.output["outcome"] == "superseded"


def test_a_source_that_never_rests_ends_unsettled() -> None:
    run = publish(look=NEW_IMAGE, start_import=ENDED)
    assert run.names.count("start_import") == 5 * (1 + 3)  # there are late retries
    assert run.slept().count(600) == 3
    assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "unsettled")


def test_a_tag_that_moves_on_during_every_import_ends_unsettled() -> None:
    run = publish(look=NEW_IMAGE, start_import=ENDED, move_tag={"state": "moved_on"})
    assert run.names.count("start_import") == 5 * (1 + 3)  # there are late retries
    assert run.slept().count(600) == 3
    assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "unsettled")
    assert run.longest < 500


def test_a_tag_that_moves_during_a_long_import_is_still_looked_at_again() -> None:
    there = seen((OLD, True), (OLD, True))
    run = publish(
        look=[NEW_IMAGE, seen((OLD, True), (None, True)), there],
        start_import=running(5000),
        verify_digest=[lacking()] * 30 + [OK],
        move_tag=[{"state": "moved_on"}, MOVED],
    )
    assert run.took.total_seconds() > 900
    assert run.output["outcome"] == "superseded"


def test_the_outcome_names_the_digest_that_the_target_holds_in_the_end() -> None:
    first, then = seen((NEW, True), (OLD, True)), seen((THIRD, True), (NEW, True))
    run = publish(work(digest=OLD), look=[first, then, seen((THIRD, True), (THIRD, True))])
    assert (run.output["outcome"], run.output["digest"]) == ("superseded", THIRD)
    assert run.statuses[-1]["outcome"]["digest"] == THIRD


def test_a_put_that_the_target_does_not_answer_yet_is_looked_at_after_the_settling_time() -> None:
    stale = seen((NEW, True), (OLD, True))
    run = publish(look=[stale, stale, stale, SYNCED], verify_digest=[OK, lacking("v1")] * 2 + [OK])
    assert run.slept() == [60, 60, 60]
    assert run.output["outcome"] == "replicated"


class TestIndexes:
    """A digest that is there says nothing of the manifests that an index lists."""

    EQUAL = seen((NEW, True), (NEW, True), index=True)

    def test_one_that_is_there_already_is_looked_at_with_every_child(self) -> None:
        run = publish(look=self.EQUAL)
        assert run.names == ["authenticate_target", "look", "verify_digest"]
        assert run.output["outcome"] == "already_current"

    def test_one_that_lacks_a_child_is_imported_again(self) -> None:
        run = publish(look=self.EQUAL, verify_digest=[lacking(OLD), lacking(OLD), OK], start_import=running())
        assert run.names.count("start_import") == 1
        assert run.output["outcome"] == "replicated"

    def test_one_that_lacks_a_child_at_the_source_waits_for_it_and_is_imported_then(self) -> None:
        broken = {"state": "failed", "cause": failed("transient", "import_failed")["failure"]}
        lacks = {"gone": False, "lacks": [OLD]}
        run = publish(
            look=seen((NEW, True), (None, False), index=True),
            look_around=[around(member(NEW, source=True, target=False), v1=(NEW, None))] * 5 + [SAME],
            verify_digest=[lacking()] * 3 + [OK],
            start_import=[broken, running()],
            examine_source=[lacks, lacks, lacks, WHOLE],
        )
        asked = [given["suspects"] for name, given in run.calls if name == "examine_source"]
        assert asked == [[], [OLD], [OLD], [OLD]]  # of everything once, then of what was lacking
        assert run.names.count("start_import") == 2
        assert run.slept()[:2] == [30, 60]
        assert run.output["outcome"] == "replicated"

    def test_one_that_the_source_never_completes_fails_with_what_it_lacks(self) -> None:
        run = publish(
            look=seen((NEW, True), (NEW, True), index=True),
            look_around=SAME,
            verify_digest=lacking(OLD),
            examine_source={"gone": False, "lacks": [OLD]},
        )
        assert "start_import" not in run.names
        assert run.output["failure"]["code"] == "source_incomplete"
        assert OLD in run.output["failure"]["said"]
        assert 3600 <= run.took.total_seconds() < 3700

    def test_one_too_large_for_an_import_is_brought_one_by_one_then_put(self) -> None:
        run = publish(
            look=[seen((NEW, True), (None, False), index=True), self.EQUAL],
            start_import={"state": "too_large", "manifests": 60},
            import_children={"failure": None},
            put_index={"state": "put"},
        )
        assert run.names[2:8] == ["start_import", "import_children", "put_index", "verify_digest", "move_tag", "verify_digest"]
        assert run.children == [f"team!app:v1~0123456789abcdef~{NEW.removeprefix('sha256:')[:12]}"]
        assert run.output["outcome"] == "replicated"

    def test_one_whose_child_was_not_seen_after_the_tag_moved_is_not_believed(self) -> None:
        run = publish(look=[NEW_IMAGE, self.EQUAL], start_import=ENDED, verify_digest=[OK, lacking(OLD), OK])
        assert run.names[-2:] == ["look", "verify_digest"]
        assert run.output["outcome"] == "replicated"


class TestImports:
    def test_arm_is_asked_no_sooner_than_it_says_and_the_target_first(self) -> None:
        run = publish(
            look=[NEW_IMAGE, SYNCED],
            start_import=running(10),
            check_import=[running(60), running(60), ENDED],
            verify_digest=[lacking()] * 11 + [OK],
        )
        asked = [place for place, name in enumerate(run.names) if name == "check_import"]
        assert all(run.names[place - 1] == "verify_digest" for place in asked)
        assert self.times(run, "check_import")[0] >= 10
        assert all(later - sooner >= 60 for sooner, later in pairwise(self.times(run, "check_import")))

    def test_the_first_look_comes_after_a_second_and_pauses_grow(self) -> None:
        run = publish(look=[NEW_IMAGE] * 2 + [SYNCED], start_import=running(1000), verify_digest=[lacking()] * 29 + [OK])
        assert run.slept()[0] == 1
        assert run.slept()[:30] == sorted(run.slept()[:30])
        assert 1.4 < run.slept()[29] < sum(run.slept()[:29]) / 19

    def test_an_end_proves_nothing_until_the_target_answers_the_digest(self) -> None:
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=ENDED, verify_digest=[lacking(), lacking(), OK, OK])
        assert run.names.count("start_import") == 1
        assert run.output["outcome"] == "replicated"

    def test_what_arm_calls_done_and_never_stored_is_imported_again(self) -> None:
        answers = iter([lacking()] * 20 + [OK] * 5)
        given = work(limits=Limits(settle=5))
        run = publish(
            given, look=[NEW_IMAGE, SYNCED], start_import=[ENDED, running()], verify_digest=lambda _: next(answers), check_import=ENDED
        )
        assert run.names.count("start_import") > 1
        assert run.output["outcome"] == "replicated"

    def test_a_failed_import_is_begun_anew_after_a_pause(self) -> None:
        broken = {"state": "failed", "cause": failed("transient", "import_failed")["failure"]}
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=[broken, ENDED])
        assert run.names.count("start_import") == 2
        assert run.slept()[0] == 2
        assert run.output["outcome"] == "replicated"

    def test_an_import_refused_for_good_is_not_begun_anew(self) -> None:
        run = publish(look=NEW_IMAGE, start_import=failed("conflict", "import_refused"))
        assert run.names.count("start_import") == 1
        assert run.output["failure"]["code"] == "import_refused"

    def test_an_import_without_an_operation_is_known_by_the_target_alone(self) -> None:
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=running(operation=None), verify_digest=[lacking()] * 12 + [OK])
        assert "check_import" not in run.names
        assert run.output["outcome"] == "replicated"

    def test_trouble_when_asking_arm_does_not_blind_the_run_to_the_target(self) -> None:
        run = publish(
            look=[NEW_IMAGE, SYNCED],
            start_import=running(1),
            check_import=failed("transient"),
            verify_digest=[lacking()] * 12 + [OK],
        )
        assert run.output["outcome"] == "replicated"
        assert run.output["seconds"] < 60
        assert any(status["failure"] for status in run.statuses)

    def test_arm_that_never_tells_is_the_reason_in_the_end(self) -> None:
        given = work(limits=Limits(waiting=0))
        run = publish(given, look=NEW_IMAGE, start_import=running(), check_import=failed("denied", "arm_denied"), verify_digest=lacking())
        assert (run.names.count("start_import"), run.output["failure"]["code"]) == (1, "arm_denied")

    @pytest.mark.parametrize(
        "state",
        [ENDED, {"state": "failed", "cause": failed("transient", "import_failed")["failure"]}],
        ids=["called done, never stored", "failed"],
    )
    def test_imports_that_fail_for_as_long_as_there_is_patience_stay_within_500_history_events(self, state: Any) -> None:
        run = publish(look=NEW_IMAGE, start_import=running(), check_import=[running(200), state] * 50, verify_digest=lacking())
        assert run.output["failure"]["code"] == "import_failed"
        assert run.names.count("start_import") > 1
        assert run.longest < 500

    @pytest.mark.parametrize("hours", [2, 6, 24])
    def test_an_import_of_hours_ends_unfinished_within_500_history_events(self, hours: int) -> None:
        given = work(limits=Limits(import_deadline=hours * 3600))
        run = publish(given, look=NEW_IMAGE, start_import=running(), check_import=running(), verify_digest=lacking())
        assert run.output["failure"]["code"] == "import_unfinished"
        assert hours * 3600 <= run.took.total_seconds() < hours * 3600 + 800
        assert (run.longest < 500, run.generations > 3, run.names.count("start_import")) == (True, True, 1)

    def test_an_import_that_may_have_been_started_is_looked_for_before_it_is_started_again(self) -> None:
        """Somebody died between the POST and its checkpoint, 100 s before."""
        unknown = {"state": "unknown", "generation": "g0", "since": "2025-12-31T23:58:20+00:00"}
        given = work(limits=Limits(unknown_import=120))
        began: list[object] = []

        def start(given: dict[str, Any]) -> dict[str, Any]:
            began.append(given)
            return running() if len(began) > 1 else unknown

        run = publish(given, look=[NEW_IMAGE, SYNCED], start_import=start, verify_digest=lambda _: OK if len(began) > 1 else lacking())
        first, again = (given for name, given in run.calls if name == "start_import")
        assert ("instead_of" in first, again["instead_of"]) == (False, "g0")
        assert 20 <= sum(run.slept()[:-2]) < 30
        assert run.output["outcome"] == "replicated"

    def test_what_such_an_import_brought_is_taken(self) -> None:
        unknown = {"state": "unknown", "generation": "g0", "since": "2025-12-31T23:58:20+00:00"}
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=unknown, verify_digest=[lacking(), lacking(), OK])
        assert run.names.count("start_import") == 1
        assert [given.get("generation") for name, given in run.calls if name == "verify_digest"][:3] == ["g0"] * 3

    def test_a_run_that_starts_over_goes_on_with_the_same_import(self) -> None:
        given = work(limits=Limits(import_deadline=21_600))
        done = publish(
            given,
            look=[NEW_IMAGE] * 4 + [SYNCED],
            start_import=running(60),
            check_import=running(60, "/same"),
            verify_digest=[lacking()] * 80 + [OK],
        )
        assert (done.generations, done.names.count("start_import"), done.names.count("authenticate_target")) == (4, 1, 1)
        assert {given["operation"] for name, given in done.calls if name == "check_import"} >= {"/same"}
        assert done.output["outcome"] == "replicated"
        assert done.output["seconds"] > 60

    def test_a_tag_that_moves_on_during_a_long_import_is_noticed_when_the_run_starts_over(self) -> None:
        moved = seen((OLD, True), (None, False))
        run = publish(
            look=[NEW_IMAGE, moved, seen((OLD, True), (OLD, True))],
            start_import=running(5000),
            verify_digest=lambda given: OK if given["digest"] == OLD else lacking(),
        )
        assert (run.output["outcome"], run.output["digest"]) == ("superseded", OLD)

    def test_what_the_source_has_no_longer_is_looked_at_again_and_not_imported_for_ever(self) -> None:
        broken = {"state": "failed", "cause": failed("denied", "source_denied")["failure"]}
        run = publish(look=[NEW_IMAGE, GONE], start_import=broken, examine_source={"gone": True, "lacks": []})
        assert (run.names.count("start_import"), run.output["outcome"]) == (1, "already_absent")

    @staticmethod
    def times(run: Played, name: str) -> list[float]:
        """Seconds from the start at which an activity was scheduled."""
        from devkit.host.clock import moment_of
        from devkit.host.durable.messages import Kind
        from tests.replay.play import T0

        scheduled = [one for one in run.history if one["EventType"] == Kind.TASK_SCHEDULED and one["Name"] == name]
        return [(moment_of(one["Timestamp"]) - T0).total_seconds() for one in scheduled]


class TestRefusals:
    def test_throttling_is_waited_out_as_long_as_the_service_asks(self) -> None:
        run = publish(look=[failed("throttled", "throttled", 47), failed("throttled", "throttled", 30), SYNCED])
        assert run.slept() == [47, 30]
        assert run.statuses[-2]["state"] == "waiting: throttled"
        assert run.output["outcome"] == "already_current"

    def test_denied_access_is_waited_for_then_told_with_its_fix(self) -> None:
        run = publish(authenticate_target=failed("denied", "entra_denied"), look=SYNCED)
        assert run.names == ["authenticate_target"] * 2  # the second is the last try; who waits asks nobody
        assert 259_200 <= run.took.total_seconds() < 259_210
        assert (run.output["outcome"], run.output["failure"]["hint"]) == ("failed", "mend it")

    def test_a_mended_setting_heals_a_waiting_run(self) -> None:
        run = publish(authenticate_target=[failed("denied", "entra_denied"), IN], look=SYNCED)
        assert run.output["outcome"] == "already_current"

    def test_a_locked_tag_is_kept(self) -> None:
        run = publish(look=NEW_IMAGE, start_import=ENDED, move_tag=failed("conflict", "locked"))
        assert (run.output["outcome"], run.output["reason"]) == ("kept", "locked")

    def test_a_day_of_patience_stays_within_500_history_events(self) -> None:
        limits = Limits(patience=86_400)
        run = publish(work(limits=limits), look=failed("transient"))
        assert run.longest < 500
        assert run.took.total_seconds() >= 86_400


class TestPushesByDigest:
    """An index that lists it brings it along."""

    GIVEN = work(tag=None)
    ALONE = seen((None, True), (None, False), unclaimed=True)

    def test_what_an_index_brings_is_not_imported(self) -> None:
        run = publish(self.GIVEN, look=self.ALONE, verify_digest=[lacking(), lacking(), OK])
        assert run.names == ["authenticate_target", "look", "verify_digest", "verify_digest", "verify_digest"]
        assert run.slept() == [10, 20, 40]
        assert run.output["outcome"] == "already_current"

    def test_what_nobody_brings_is_imported_after_the_wait(self) -> None:
        there = seen((None, True), (None, True))
        run = publish(self.GIVEN, look=[self.ALONE, there], verify_digest=[lacking()] * 7 + [OK], start_import=running())
        assert run.names.count("start_import") == 1
        assert 899 < sum(run.slept()[:7]) < 901
        assert run.output["outcome"] == "replicated"

    def test_a_referrer_waits_for_nobody(self) -> None:
        run = publish(self.GIVEN, look=[seen((None, True), (None, False)), seen((None, True), (None, True))], start_import=ENDED)
        assert run.names[1:4] == ["look", "start_import", "verify_digest"]
        assert run.output["outcome"] == "replicated"
