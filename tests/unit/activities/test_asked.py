"""Many questions to one registry."""

import pytest

from activities.asked import AT_ONCE, each
from replication.failures import Failure, Kind, Refused


def refused(kind: Kind, retry_after: float | None = None) -> Refused:
    return Refused(Failure(kind=kind, code="unreachable", doing="ask", said="no", hint="wait", retry_after=retry_after))


async def test_a_question_that_is_not_answered_spoils_none_of_the_others() -> None:
    asked: dict[int, int] = {}

    async def ask(number: int) -> int:
        asked[number] = asked.get(number, 0) + 1
        if number % 5 == 0 and asked[number] < 3:
            raise refused("transient")
        return number

    assert await each(range(3 * AT_ONCE), ask, insist=True) == list(range(3 * AT_ONCE))
    assert max(asked.values()) == 3


@pytest.mark.parametrize(
    ("why", "times"), [(refused("transient"), 3), (refused("transient", 5), 1), (refused("throttled"), 1), (refused("denied"), 1)]
)
async def test_who_never_answers_or_asks_for_a_pause_is_believed(why: Refused, times: int) -> None:
    asked = []

    async def ask(number: int) -> None:
        asked.append(number)
        raise why

    with pytest.raises(Refused):
        await each([1], ask, insist=True)
    assert len(asked) == times
    with pytest.raises(Refused):
        await each([1], ask)
    assert len(asked) == times + 1
