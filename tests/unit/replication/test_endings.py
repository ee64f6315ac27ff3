"""What figures are told of a run's end; and that the last look records none but the end that the orchestrator comes to."""

from itertools import product

import pytest

from replication.conclusions import conclude
from replication.decisions import Held, Rest, contradicts_push, next_step
from replication.endings import Ending, stands
from replication.failures import Failure
from replication.outcomes import Outcome
from replication.references import Digest, Repository, Tag
from replication.work import Seen, Work

MINE, OTHER, V1 = Digest("0" * 64), Digest("1" * 64), Tag("v1")
HELD = [Held(tagged, has) for tagged, has in product((None, MINE, OTHER), (False, True))]
SEEN = [
    Seen(source=source, target=target, index=index, unclaimed=unclaimed)
    for source, target, index, unclaimed in product(HELD, HELD, (False, True), (False, True))
]


@pytest.mark.parametrize("tag", [V1, None])
@pytest.mark.parametrize("whole", [False, True])
def test_what_a_look_records_is_what_the_run_concludes(tag: Tag | None, whole: bool) -> None:
    work = Work(target="china", repository=Repository("team/app"), tag=tag, digest=MINE)
    standing = [seen for seen in SEEN if stands(work, seen, whole=whole)]
    assert standing
    for seen in standing:
        step = next_step(tag=tag, digest=MINE, source=seen.source, target=seen.target)
        assert isinstance(step, Rest) and not contradicts_push(tag=tag, digest=MINE, source=seen.source)
        assert (whole or not seen.index) and not seen.unclaimed
        for brought, name in ((True, "replicated"), (False, "already_current")):
            assert conclude(work, seen, brought=brought) == (name, MINE, None)


def test_a_run_that_removes_is_never_recorded_by_a_look() -> None:
    work = Work(target="china", repository=Repository("team/app"), tag=None, digest=MINE, removing=True)
    assert not any(stands(work, seen, whole=True) for seen in SEEN)


def test_an_ending_tells_the_lag_of_what_was_verified_and_of_nothing_else() -> None:
    done = Outcome(target="china", outcome="replicated", seconds=1.5, digest=str(MINE))
    assert Ending.of(done, 2.0) == Ending(target="china", outcome="replicated", lag=3.5)
    assert Ending.of(done, None).lag is None
    assert Ending.of(done, -60.0).lag == 0  # an event of a clock that is ahead
    failure = Failure(kind="denied", code="target_denied", doing="look", said="no", hint="ask")
    failed = Outcome(target="china", outcome="failed", seconds=9, digest=str(MINE), failure=failure)
    assert Ending.of(failed, 2.0) == Ending(target="china", outcome="failed", detail="target_denied")
    assert Ending.from_json(Ending.of(failed, 2.0).to_json()) == Ending.of(failed, 2.0)
