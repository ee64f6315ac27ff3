"""How long a step that is refused is tried again."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.failures import Failure, Kind
from replication.limits import Limits
from replication.patience import OF_A_PLACE, Patience, is_of_a_place, of_a_run

HOUR = 3600.0


def failure(kind: Kind, retry_after: float | None = None) -> Failure:
    return Failure(kind=kind, code="unexpected", doing="do it", said="no", hint="mend it", retry_after=retry_after)


@pytest.mark.parametrize(
    "kind, retry_after, tries, waited, pause",
    [
        pytest.param("transient", None, 1, 0, 2, id="the network is asked again soon"),
        pytest.param("transient", None, 2, 2, 4, id="then later"),
        pytest.param("transient", None, 6, 62, 64, id="each time twice as late"),
        pytest.param("throttled", None, 1, 0, 10, id="who is busy is given more time"),
        pytest.param("throttled", None, 3, 30, 40, id="and more"),
        pytest.param("denied", None, 1, 0, 30, id="people take longest"),
        pytest.param("throttled", 120, 1, 0, 120, id="as long as the service asks"),
        pytest.param("throttled", 1, 1, 0, 1, id="and no longer"),
        pytest.param("throttled", 1, 4, 3, 8, id="unless it asks for the same again and again"),
        pytest.param("throttled", 0, 1, 0, 1, id="at once is not what we do"),
        pytest.param("throttled", 5 * HOUR, 1, 0, 5 * HOUR, id="however long that is"),
        pytest.param("throttled", 1e9, 1, 0, 24 * HOUR, id="but for nonsense"),
        pytest.param("throttled", 600, 3, 3500, 600, id="asked to come back after the end, we come once more"),
        pytest.param("transient", None, 12, 2000, 300, id="but no later than that"),
        pytest.param("transient", None, 12, 3400, 200, id="the last try is at the end, not before"),
        pytest.param("transient", None, 10_000, 3599, 1, id="however many tries there were"),
        pytest.param("transient", None, 1, HOUR, None, id="at the end it is final"),
        pytest.param("throttled", 5, 1, HOUR + 1, None, id="and after it"),
        pytest.param("conflict", None, 1, 0, None, id="what is refused for good is final at once"),
        pytest.param("conflict", 5, 1, 0, None, id="whatever the service asks"),
        pytest.param("not_found", None, 1, 0, None, id="so is what is not there"),
    ],
)
def test_pause(kind: Kind, retry_after: float | None, tries: int, waited: float, pause: float | None) -> None:
    assert Patience(HOUR).pause(failure(kind, retry_after), tries, waited) == pause


def test_without_patience_everything_is_final_at_once() -> None:
    assert [Patience(0).pause(failure(kind), 1, 0) for kind in get_args(Kind)] == [None] * 5


@given(st.sampled_from(get_args(Kind)), st.floats(0, 86_400), st.none() | st.floats(0, 1e6))
def test_it_ends_and_waits_no_shorter_than_it_says(kind: Kind, limit: float, retry_after: float | None) -> None:
    waited, tries = 0.0, 0
    while True:
        tries += 1
        pause = Patience(limit).pause(failure(kind, retry_after), tries, waited)
        if pause is None:
            break
        assert 0 < pause <= max(HOUR, min(retry_after or 0, 24 * HOUR))
        assert pause >= min(retry_after or 0, 24 * HOUR)
        waited += pause
        assert tries < 400
    assert waited >= limit or kind in ("conflict", "not_found")


def place(code: str, kind: Kind) -> bool:
    return is_of_a_place(Failure(kind=kind, code=code, doing="do it", said="no", hint="mend it"))  # type: ignore[arg-type]


def test_what_keeps_off_everybody_is_waited_for_together_and_what_concerns_one_artifact_is_not() -> None:
    assert all(place(code, "denied") for code in ("credential_wrong", "arm_denied", "import_denied", "quota_reached"))
    assert all(place(code, "transient") for code in OF_A_PLACE)
    assert not any(place(code, "transient") for code in ("import_failed", "blobs_not_copied", "import_refused"))
    assert not any(place(code, "conflict") for code in ("target_right_missing", "settings_invalid", "locked"))
    assert not place("throttled", "throttled")


@pytest.mark.parametrize(
    "code, kind, alone",
    [
        ("credential_wrong", "denied", 0),
        ("unreachable", "transient", 60),
        ("import_failed", "transient", 3600),
        ("throttled", "throttled", 259_200),
    ],
)
def test_what_a_run_has_by_itself(code: str, kind: Kind, alone: float) -> None:
    assert of_a_run(Failure(kind=kind, code=code, doing="", said="", hint=""), Limits()) == Patience(alone)  # type: ignore[arg-type]
