"""Waiting with others: one tries for all, all go on when it is over, and whatever gets lost costs time alone."""

from collections import Counter
from typing import Any

import pytest

from replication.limits import Limits
from replication.waiting import SOURCE
from tests.replay.crowd import SYNCED, Crowd
from tests.replay.play import play
from tests.replay.shapes import ENDED, IN, MOVED, NEW, OK, WHOLE, event, failed, seen, work

NEXT = 1767225630.0  # half a minute after the beginning
DENIED = failed("denied", "credential_wrong")
NEW_IMAGE = seen((NEW, True), (None, False))
USUAL: dict[str, Any] = {"authenticate_target": IN, "verify_digest": OK, "move_tag": MOVED, "examine_source": WHOLE, "start_import": ENDED}


def publish(limits: Limits | None = None, **answers: Any) -> Any:
    return play("publish_to_target", work(limits=limits), **{**USUAL, **answers})


class TestOneRun:
    def test_it_says_for_what_it_waits_since_when_and_when_it_is_tried_next(self) -> None:
        run = publish(authenticate_target=[DENIED, IN], look=SYNCED, enter={"next": NEXT, "woken": {"in": 40}})
        (told,) = [status for status in run.statuses if status["waiting"]]
        assert told["state"] == "waiting: credential_wrong"
        assert told["waiting"] == {"reason": "credential_wrong", "since": "2026-01-01T00:00:00Z", "next_try": "2026-01-01T00:00:30Z"}
        assert told["failure"]["hint"] == "mend it"
        assert run.output["outcome"] == "already_current"
        assert 40 <= run.took.total_seconds() < 41

    def test_what_may_be_over_in_a_moment_is_tried_again_alone_first(self) -> None:
        run = publish(look=[failed("transient")] * 3 + [SYNCED])
        assert run.slept() == [2, 4, 8]
        assert not [name for name, _ in run.calls if name == "enter"]
        assert run.output["outcome"] == "already_current"

    def test_it_looks_again_at_everything_after_a_long_wait(self) -> None:
        """What was imported before may be gone."""
        run = publish(look=[NEW_IMAGE, SYNCED], move_tag=failed("denied", "target_denied"), enter={"next": NEXT, "woken": {"in": 600}})
        assert run.names == ["authenticate_target", "look", "start_import", "verify_digest", "move_tag", "look"]

    def test_who_tries_for_others_tells_them_when_it_was_let_through(self) -> None:
        trial = {"next": NEXT, "woken": {"in": 40, "trial": "authenticate_target: credential_wrong"}}
        run = publish(authenticate_target=[DENIED, IN], look=SYNCED, enter=trial)
        assert [name for name, _ in run.signals] == ["let_through", "leave"]
        assert run.signals[0][1]["group"] == "authenticate_target: credential_wrong"

    def test_an_import_lets_others_through_only_when_it_has_arrived(self) -> None:
        full = {"state": "failed", "cause": failed("denied", "quota_reached")["failure"]}
        trial = {"next": NEXT, "woken": {"in": 40, "trial": "import: quota_reached"}}
        run = publish(look=[NEW_IMAGE, NEW_IMAGE, SYNCED], start_import=[full, ENDED], enter=trial)
        assert run.signals[0][1]["group"] == "import: quota_reached"
        signalled = [one["EventType"] for one in run.history].index(14)
        assert "verify_digest" in [one.get("Name") for one in run.history[:signalled]]
        assert run.output["outcome"] == "replicated"

    def test_what_is_refused_for_one_artifact_alone_fails_at_once_and_lets_the_others_through(self) -> None:
        trial = {"next": NEXT, "woken": {"in": 40, "trial": "look: target_denied"}}
        run = publish(look=[failed("denied", "target_denied"), failed("conflict", "target_right_missing")], enter=trial)
        assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "target_right_missing")
        assert [name for name, _ in run.signals] == ["let_through", "leave"]

    def test_no_service_is_asked_sooner_than_it_said_whoever_wakes_us(self) -> None:
        busy = failed("denied", "network_denied", 300)
        run = publish(look=[busy, SYNCED], enter={"next": NEXT, "woken": {"in": 40}})
        assert run.took.total_seconds() >= 300

    def test_days_of_waiting_stay_within_500_history_events(self) -> None:
        run = publish(authenticate_target=DENIED, look=SYNCED)
        assert run.longest < 100
        assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "credential_wrong")
        assert 259_200 <= run.took.total_seconds() < 259_300

    def test_an_event_of_an_earlier_wait_ends_no_later_one(self) -> None:
        """The first was raised after the run had looked in again."""
        enter = [{"next": NEXT, "woken": {"in": 901}}, {"next": NEXT, "woken": {"in": 5000}}, {"next": NEXT}]
        run = publish(Limits(waiting=3000), authenticate_target=DENIED, look=SYNCED, enter=enter)
        assert run.names == ["authenticate_target"] * 2
        assert run.took.total_seconds() >= 3000

    def test_where_no_prober_could_be_started_it_looks_in_soon(self) -> None:
        room = {"next": NEXT, "start": 1}
        run = publish(authenticate_target=[DENIED, IN], look=SYNCED, enter=[room, {"go": 0}], start_prober={"started": False})
        assert 30 <= run.took.total_seconds() < 31


class TestTurns:
    """At a target's ARM, which takes only so many imports at a time."""

    BUSY = failed("throttled", "throttled", 3)

    def test_who_is_not_turned_away_asks_nobody(self) -> None:
        run = publish(look=[NEW_IMAGE, SYNCED])
        assert [name for name, _ in run.calls if name == "turn"] == run.signals == []

    def test_who_is_turned_away_is_given_a_turn_and_tells_that_it_took_it(self) -> None:
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=[self.BUSY, ENDED], turn={"after": 77})
        assert 77 in run.slept()
        assert next(given for name, given in run.calls if name == "turn")["asked_to_wait"] == 3
        assert [name for name, _ in run.signals] == ["took"]
        assert [status["waiting"]["reason"] for status in run.statuses if status["waiting"]] == ["throttled"] * 2
        assert run.output["outcome"] == "replicated"

    def test_a_turn_that_is_far_ahead_is_asked_for_again(self) -> None:
        run = publish(look=[NEW_IMAGE, SYNCED], start_import=[self.BUSY, ENDED], turn=[{"ask_after": 600}, {"after": 30}])
        assert run.took.total_seconds() > 630
        assert len([name for name, _ in run.calls if name == "turn"]) == 2

    def test_other_steps_have_no_turns(self) -> None:
        run = publish(look=[self.BUSY, SYNCED])
        assert [name for name, _ in run.calls if name == "turn"] == []
        assert run.slept() == [3]

    def test_days_of_being_turned_away_stay_within_500_history_events(self) -> None:
        run = publish(Limits(waiting=40_000), look=NEW_IMAGE, start_import=failed("throttled", "throttled", 60))
        assert run.longest < 500
        assert (run.output["outcome"], run.output["failure"]["code"]) == ("failed", "throttled")


class TestTheSource:
    def test_a_run_that_it_turns_away_waits_and_goes_on(self) -> None:
        done = {"target": "china", "outcome": "replicated", "seconds": 1.5, "digest": NEW, "reason": None, "failure": None}
        run = play(
            "replicate_image_event",
            event("delete", tag=None, targets=("china",)),
            fetch_source_token=[failed("denied", "source_denied"), IN],
            publish_to_target=done,
            enter={"next": 1767226000.0, "woken": {"in": 500}},
        )
        assert next(status["waiting"] for status in run.statuses if status["waiting"])["reason"] == "source_denied"
        assert run.slept()[0] == 300  # the delay of a delete, once
        assert run.names == ["fetch_source_token", "fetch_source_token", "publish_to_target"]
        assert [one["outcome"] for one in run.output["outcomes"]] == ["replicated"]
        assert run.calls[-1][1]["began"] == "2026-01-01T00:00:00+00:00"

    def test_it_fails_every_target_when_that_lasts(self) -> None:
        given = {**event(), "limits": Limits(waiting=7200).to_json()}
        run = play("replicate_image_event", given, fetch_source_token=failed("denied", "source_denied"))
        assert [(one["outcome"], one["failure"]["code"]) for one in run.output["outcomes"]] == [("failed", "source_denied")] * 2
        assert run.children == []
        assert 7200 <= run.took.total_seconds() < 7300

    def test_its_place_is_no_target_s(self) -> None:
        assert not SOURCE.replace("-", "").isalnum()


def outcomes(crowd: Crowd) -> Counter[Any]:
    return Counter(one.played.output["outcome"] if one.ended else "runs" for one in crowd.runs)


class TestManyRuns:
    def test_one_tries_for_all_and_all_go_within_a_minute_of_it(self) -> None:
        crowd = Crowd(30, mended=2000)
        assert outcomes(crowd) == {"already_current": 30}
        first = min(at for at in crowd.tries if at >= 2000)
        assert first < 2000 + 300
        assert max(crowd.tries) < first + 62
        assert len([at for at in crowd.tries if 1 < at < 2000]) < 15  # a probe each 30 s, later each 5 minutes
        assert max(Counter(int(at) for at in crowd.tries if at > 2000).values()) <= 3
        assert all(one.ended for name, one in crowd.instances.items() if name.startswith("prober"))

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("loss", [{"loses": 0.4}, {"dies": 0.3}, {"ends": 0.05}, {"loses": 0.2, "dies": 0.1, "ends": 0.03}], ids=str)
    def test_whatever_gets_lost_costs_time_alone(self, loss: dict[str, float], seed: int) -> None:
        crowd = Crowd(8, mended=1500, seed=seed, **loss)
        assert crowd.runs and outcomes(crowd) == {"already_current": len(crowd.runs)}
        assert crowd.seconds() < 1500 + 8 * 900

    def test_histories_stay_short(self) -> None:
        crowd = Crowd(3, mended=20_000)
        assert outcomes(crowd) == {"already_current": 3}
        assert max(one.played.longest for one in crowd.instances.values()) < 300
