"""Imports in trouble: whatever ARM answers or leaves unsaid, a run ends, by the right clock, and leaves no intent behind."""

from datetime import datetime
from typing import Any, ClassVar

import pytest

from replication.limits import Limits
from tests.replay.play import T0, Played, play
from tests.replay.shapes import ENDED, MOVED, NEW, OK, OLD, WHOLE, failed, lacking, running, seen, work
from tests.replay.test_publish_to_target import NEW_IMAGE, SYNCED, publish

DAY = 86_400.0
INDEX = seen((NEW, True), (None, False), index=True)
EQUAL_INDEX = seen((NEW, True), (NEW, True), index=True)
BROKEN = {"state": "failed", "cause": failed("transient", "import_failed")["failure"]}
TOO_MANY = failed("conflict", "too_many_manifests")
LONG = Limits(import_deadline=21_600)


class Arm:
    """Takes every POST, and each answer is lost; the ledger as it is."""

    def __init__(self) -> None:
        self.posts = 0
        self.since = ""

    def start(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.posts and given.get("instead_of") != f"g{self.posts}":
            return {"state": "unknown", "generation": f"g{self.posts}", "since": self.since}
        self.posts, self.since = self.posts + 1, given["at"]
        return failed("transient")


def calls(run: Played, name: str) -> list[dict[str, Any]]:
    return [given for called, given in run.calls if called == name]


def test_a_run_ends_though_every_answer_to_its_imports_is_lost() -> None:
    arm = Arm()
    run = publish(look=NEW_IMAGE, start_import=arm.start, verify_digest=lacking())
    assert run.output["failure"]["code"] == "import_unfinished"
    assert "no answer told whether it began" in run.output["failure"]["said"]
    assert 7200 <= run.took.total_seconds() < 8600
    assert 10 <= arm.posts <= 13
    assert run.longest <= 500


def test_an_import_that_is_begun_after_all_has_its_own_deadline() -> None:
    answers: list[Any] = []

    def start(given: dict[str, Any]) -> dict[str, Any]:
        answers.append(given)
        return running() if len(answers) > 2 else {"state": "unknown", "generation": f"g{len(answers)}", "since": given["at"]}

    run = publish(look=NEW_IMAGE, start_import=start, check_import=running(), verify_digest=lacking())
    assert run.output["failure"]["said"].startswith("ARM has not ended it")
    assert run.took.total_seconds() >= 7200 + 1200


@pytest.mark.parametrize("at", [30, 65], ids=["early", "after the patience"])
def test_one_hiccup_of_arm_does_not_end_the_asking(at: int) -> None:
    asked: list[Any] = []

    def check(_: dict[str, Any]) -> dict[str, Any]:
        asked.append(None)
        return failed("transient") if len(asked) == at else running(60)

    run = publish(work(limits=LONG), look=NEW_IMAGE, start_import=running(60), check_import=check, verify_digest=lacking())
    assert (len(asked) > 70, run.names.count("start_import")) == (True, 1)
    assert run.output["failure"]["code"] == "import_unfinished"  # and not what went wrong once, hours ago, nor waited for with others


def test_an_import_that_fails_after_a_long_time_is_begun_anew() -> None:
    asked: list[Any] = []

    def check(_: dict[str, Any]) -> dict[str, Any]:
        asked.append(None)
        return BROKEN if len(asked) == 65 else running(60)

    answers = iter([lacking()] * 400)
    run = publish(
        work(limits=LONG),
        look=[NEW_IMAGE] * 20,
        start_import=running(60),
        check_import=check,
        verify_digest=lambda _: next(answers),
    )
    assert run.names.count("start_import") == 2


def test_a_part_that_one_replica_of_the_target_lacks_does_not_end_the_run() -> None:
    """The registry has taken nothing, so nothing has to be looked for ten minutes later."""
    run = publish(look=[NEW_IMAGE, SYNCED], start_import=ENDED, move_tag=[failed("transient", "manifest_refused"), MOVED])
    assert (run.output["outcome"], run.slept()) == ("replicated", [2, 60])


class TestByParts:
    """Whether the index itself counts among ARM's 50 manifests is not known; ARM has the last word."""

    GIVEN: ClassVar[dict[str, Any]] = {"look": [INDEX, EQUAL_INDEX], "import_children": {"failure": None}, "put_index": {"state": "put"}}

    @pytest.mark.parametrize("told", ["at once", "at the poll"])
    def test_what_arm_finds_too_large_is_brought_by_its_parts(self, told: str) -> None:
        start = TOO_MANY if told == "at once" else running(0)
        check = {"state": "failed", "cause": TOO_MANY["failure"]}
        run = publish(**self.GIVEN, start_import=start, check_import=check, verify_digest=[lacking(), OK] if told != "at once" else OK)
        assert (run.names.count("start_import"), run.names.count("import_children")) == (1, 1)
        assert run.output["outcome"] == "replicated"

    def test_an_image_that_arm_finds_too_large_fails(self) -> None:
        run = publish(look=NEW_IMAGE, start_import=TOO_MANY)
        assert (run.output["failure"]["code"], "import_children" in run.names) == ("too_many_manifests", False)

    def test_it_stays_so_when_a_part_fails(self) -> None:
        broken = {"failure": BROKEN["cause"]}
        parts = {**self.GIVEN, "import_children": [broken, {"failure": None}]}
        run = publish(**parts, start_import={"state": "too_large", "manifests": 60})
        assert (run.names.count("start_import"), run.names.count("import_children")) == (1, 2)
        assert run.output["outcome"] == "replicated"

    def test_what_a_stale_replica_of_the_source_denies_is_tried_again(self) -> None:
        run = publish(**self.GIVEN, start_import=[failed("not_found", "source_incomplete"), {"state": "too_large", "manifests": 60}])
        assert run.names.count("examine_source") == 1
        assert run.output["outcome"] == "replicated"

    def test_an_index_that_has_gone_meanwhile_is_not_put(self) -> None:
        gone = seen((None, False), (None, False))
        parts = {**self.GIVEN, "put_index": failed("not_found", "source_incomplete"), "look": [INDEX, gone]}
        run = publish(**parts, start_import={"state": "too_large", "manifests": 60}, examine_source={"gone": True, "lacks": []})
        assert run.output["outcome"] == "already_absent"


class TestIntents:
    """Whoever sees the content says that its import has ended."""

    @pytest.mark.parametrize("tag", ["v1", None])
    def test_one_that_arrives_while_a_run_starts_over_is_told_ended(self, tag: str | None) -> None:
        looks: list[Any] = []
        before, after = (NEW_IMAGE, SYNCED) if tag else (seen((None, True), (None, False)), seen((None, True), (None, True)))

        def look(_: dict[str, Any]) -> dict[str, Any]:
            looks.append(None)
            return before if len(looks) == 1 else seen((NEW, True), (None, True)) if tag and len(looks) == 2 else after

        run = publish(
            work(tag=tag),
            look=look,
            start_import=running(5000),
            verify_digest=lambda _: OK if len(looks) > 1 else lacking(),
        )
        assert run.generations > 1
        content = [given for given in calls(run, "verify_digest") if given["tag"] is None]
        assert content[-1]["generation"] == "g1"
        assert content[-1]["seconds"] > 20
        assert run.output["outcome"] == "replicated"


class TestPages:
    def test_a_large_index_is_verified_page_by_page_and_a_refusal_costs_one(self) -> None:
        page = {"verified": True, "missing": [], "manifests": 201, "pages": 3}
        run = publish(look=EQUAL_INDEX, verify_digest=[page, failed("throttled", "throttled", 5), page, page])
        assert [given["page"] for given in calls(run, "verify_digest")] == [0, 1, 1, 2]
        assert run.output["outcome"] == "already_current"

    def test_a_run_that_starts_over_goes_on_with_the_page(self) -> None:
        page = {"verified": True, "missing": [], "manifests": 201, "pages": 40}
        answers = iter([failed("throttled", "throttled", 5), page] * 40)
        run = publish(look=EQUAL_INDEX, verify_digest=lambda _: next(answers))
        asked = [given["page"] for given in calls(run, "verify_digest")]
        assert (asked, run.generations > 1) == (sorted([*range(40)] * 2), True)
        assert run.longest <= 500

    def test_the_source_is_examined_page_by_page(self) -> None:
        page = {**WHOLE, "pages": 3}
        run = publish(look=[INDEX, EQUAL_INDEX], start_import=[BROKEN, ENDED], examine_source=page)
        assert [given["page"] for given in calls(run, "examine_source")] == [0, 1, 2]


def flapping(times: int, *answers: Any) -> list[Any]:
    return [one for answer in answers for one in [failed("throttled", "throttled", 30)] * times + [answer]]


@pytest.mark.parametrize("patience", [3600.0, DAY])
class TestHistories:
    """At most 500 events, whatever waits how long (DESIGN, rule 5)."""

    def test_each_step_of_a_round_waits_long(self, patience: float) -> None:
        times = 30 if patience == DAY else 12
        asked, moves, moved = iter(flapping(times, NEW_IMAGE)), iter(flapping(times, MOVED)), list[Any]()

        def move(_: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = next(moves, MOVED)
            moved.extend([answer] if answer == MOVED else [])
            return answer

        run = publish(
            work(limits=Limits(patience=patience)),
            look=lambda given: next(asked, SYNCED if moved else NEW_IMAGE),
            start_import=flapping(times, running()),
            verify_digest=flapping(times, OK, OK, OK, OK),
            move_tag=move,
        )
        assert run.output["outcome"] == "replicated"
        assert run.longest <= 500

    def test_parts_that_fail_again_and_again(self, patience: float) -> None:
        run = publish(
            work(limits=Limits(patience=patience)),
            look=INDEX,
            start_import={"state": "too_large", "manifests": 60},
            import_children={"failure": BROKEN["cause"]},
        )
        assert run.output["failure"]["code"] == "import_failed"
        assert run.longest <= 500

    def test_an_index_that_is_put_and_never_seen(self, patience: float) -> None:
        run = publish(
            work(limits=Limits(patience=patience)),
            look=INDEX,
            start_import={"state": "too_large", "manifests": 60},
            import_children={"failure": None},
            put_index={"state": "put"},
            verify_digest=lacking(OLD),
        )
        assert run.output["failure"]["code"] == "import_failed"
        assert run.longest <= 500

    @pytest.mark.parametrize("busy", [600, 3000])
    def test_children_that_arm_is_too_busy_for(self, patience: float, busy: int) -> None:
        given, began = work(tag=None, limits=Limits(patience=patience)), set[int]()

        def start(asked: dict[str, Any]) -> dict[str, Any]:
            if (datetime.fromisoformat(asked["at"]) - T0).total_seconds() < busy:
                return failed("throttled", "throttled", 30)
            began.add(asked["child"])
            return running()

        done = {"pages": 1, "manifests": 60, "images": [], "indexes": []}
        run = play(
            "import_children",
            {"work": given["work"], "limits": given["limits"], "page": 0},
            look_at_children=lambda _: {**done, "images": [] if len(began) == 50 else [one for one in range(50) if one not in began]},
            start_import=start,
            check_import=running(),
        )
        assert run.output == {"failure": None}
        assert run.longest <= 500
