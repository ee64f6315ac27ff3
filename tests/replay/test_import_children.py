"""An index that is too large for one import: page by page, a few at a time, the indexes in it last."""

import json
from typing import Any

from activities.look_at_children import PAGE
from replication.limits import Limits
from tests.nasty import index_of_1001
from tests.replay.play import Played, play
from tests.replay.shapes import ENDED, failed, running, work

DONE = {"pages": 1, "manifests": 60, "images": [], "indexes": []}


def bring(*, limits: Limits | None = None, **answers: Any) -> Played:
    given = work(tag=None, limits=limits)
    return play("import_children", {"work": given["work"], "limits": given["limits"], "page": 0}, **answers)


def page(images: list[int], indexes: list[int] | None = None, *, pages: int = 1) -> dict[str, Any]:
    return {**DONE, "images": images, "indexes": indexes or [], "pages": pages}


def test_eight_imports_start_at_a_time_and_what_has_arrived_is_not_started_again() -> None:
    run = bring(look_at_children=[page(list(range(20))), page([3, 4]), DONE], start_import=running())
    started = [given["child"] for name, given in run.calls if name == "start_import"]
    assert started == list(range(20))
    assert run.output == {"failure": None}


def test_an_index_in_it_is_put_once_everything_before_it_is_there() -> None:
    run = bring(look_at_children=[page([0], [1, 2]), page([], [1, 2])], start_import=ENDED, put_index={"state": "put"})
    assert [(name, given.get("child")) for name, given in run.calls if name != "look_at_children"] == [
        ("start_import", 0),
        ("put_index", 1),
        ("put_index", 2),
    ]


def test_how_long_each_import_has_taken_is_told_until_it_has_come() -> None:
    """A stale replica may take it back: it is not told twice, nor begun anew."""
    run = bring(look_at_children=[page([0, 1]), page([1]), page([0, 1]), page([1]), DONE], start_import=running(60))
    told = [given["imports"] for name, given in run.calls if name == "look_at_children"]
    assert [list(imports) for imports in told] == [[], ["0", "1"], ["1"], ["1"], ["1"]]
    seconds = [imports["1"]["seconds"] for imports in told[1:]]
    assert seconds == sorted(set(seconds)) and seconds[0] >= 1
    assert told[1]["0"]["generation"] == "g1"
    assert run.names.count("start_import") == 2


def test_a_thousand_of_them_travel_by_position_within_500_history_events() -> None:
    count = len(index_of_1001().children)
    left = {number: list(range(count))[number * PAGE : number * PAGE + PAGE] for number in range(-(-count // PAGE))}

    def look(given: dict[str, Any]) -> dict[str, Any]:
        images = left[given["page"]]
        left[given["page"]] = images[30:]
        return page(images, pages=len(left))

    run = bring(look_at_children=look, start_import=running(5), check_import=running(5))
    assert run.output == {"failure": None}
    assert run.generations > 10
    assert run.longest < 500
    assert [one["state"] for one in run.statuses][-1] == "importing page 21 of 21"
    started = [given["child"] for name, given in run.calls if name == "start_import"]
    assert sorted(set(started)) == list(range(1001))
    assert max(len(json.dumps(given)) for _, given in run.calls) < 8000


def test_a_service_that_asks_to_wait_is_waited_for() -> None:
    run = bring(look_at_children=[page([0, 1]), DONE], start_import=[failed("throttled", "throttled", 40), running(), running()])
    assert run.slept()[0] == 40
    assert [given["child"] for name, given in run.calls if name == "start_import"] == [0, 1, 0]
    assert run.output == {"failure": None}


def test_an_import_that_fails_is_told_at_once() -> None:
    cause = failed("transient", "import_failed")["failure"]
    run = bring(look_at_children=page([0]), start_import=running(0), check_import={"state": "failed", "cause": cause})
    assert run.output["failure"]["code"] == "import_failed"


def test_one_that_arm_calls_done_and_never_stored_is_started_again_after_the_settling_time() -> None:
    answers = iter([page([0])] * 20 + [DONE])
    run = bring(look_at_children=lambda _: next(answers), start_import=ENDED, limits=Limits(settle=5))
    assert 1 < run.names.count("start_import") < 8


def test_what_does_not_arrive_within_the_deadline_is_told() -> None:
    run = bring(look_at_children=page([0]), start_import=running(), check_import=running(), limits=Limits(import_deadline=600))
    assert run.output["failure"]["code"] == "import_unfinished"
    assert run.longest < 500


def test_one_refusal_of_a_child_is_waited_out() -> None:
    run = bring(look_at_children=[page(list(range(8))), DONE], start_import=[running()] * 3 + [failed("transient")] + [running()] * 5)
    assert run.slept()[0] == 2
    assert [given["child"] for name, given in run.calls if name == "start_import"] == [*range(8), 3]
    assert run.output == {"failure": None}


def test_a_refusal_that_lasts_is_told_and_the_caller_waits_with_others() -> None:
    run = bring(look_at_children=page([0]), start_import=failed("denied", "arm_denied"))
    assert (run.output["failure"]["code"], run.slept()) == ("arm_denied", [])
