"""A target that does not answer takes its share of this process, and no more."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from activities import turns
from activities.step import step
from activities.turns import PLACES, Share, share_of
from tests.unit.replication.settings_values import GROUP, listed, target

MANY = PLACES
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    values = listed(target(name="silent"), target(name="well", registry=f"{GROUP}/contosowell"), ReplicationStore="sqlite:///not-asked")
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(turns, "SILENCE", 0.05)


def test_the_places_are_those_of_the_host() -> None:
    assert json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]["maxConcurrentActivityFunctions"] == PLACES


async def test_a_silent_target_leaves_room_and_is_told_at_once() -> None:
    never, asking = asyncio.Event(), 0

    async def ask(work: dict[str, Any]) -> dict[str, Any]:
        nonlocal asking
        asking += 1
        if work["target"] == "silent":
            await never.wait()
        return {"answer": work["target"]}

    tasks = [asyncio.ensure_future(step(ask)({"target": "silent"})) for _ in range(MANY)]
    done, waiting = await asyncio.wait(tasks, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    while len(waiting) > PLACES // 3:
        more, waiting = await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert more
        done |= more
    assert asking == len(waiting) == PLACES // 3  # of two targets and a share to spare
    assert {task.result()["failure"]["code"] for task in done} == {"unreachable"}
    assert (await step(ask)({"target": "silent"}))["failure"]["said"].startswith(f"{PLACES // 3} steps wait for its answers already")
    assert (
        await asyncio.gather(*(step(ask)({"work": {"target": "well"}, "target": "well"}) for _ in range(MANY)))
        == [{"answer": "well"}] * MANY
    )
    never.set()
    assert [await task for task in waiting] == [{"answer": "silent"}] * len(waiting)
    assert await step(ask)({"target": "silent"}) == {"answer": "silent"}


async def test_a_target_that_answers_keeps_everybody_in_turn() -> None:
    """For longer than silence lasts, and never more at once than its share."""
    share, at_once, most = Share("well", 2), 0, 0

    async def ask() -> None:
        nonlocal at_once, most
        async with share.turn():
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.005)
            at_once -= 1

    await asyncio.gather(*(ask() for _ in range(60)))
    assert most == 2


async def test_a_step_that_fails_or_is_given_up_returns_its_turn() -> None:
    share = Share("well", 1)
    for _ in range(3):
        with pytest.raises(ValueError):
            async with share.turn():
                raise ValueError
        task = asyncio.ensure_future(_hold(share))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with share.turn():
        pass


async def _hold(share: Share) -> None:
    async with share.turn():
        await asyncio.Event().wait()


async def test_a_hundred_targets_have_a_share_each(monkeypatch: pytest.MonkeyPatch) -> None:
    many = listed(*(target(name=f"t{number}", registry=f"{GROUP}/contoso{number}") for number in range(100)))
    monkeypatch.setenv("ReplicationTargets", many["ReplicationTargets"])
    share = share_of("t7")
    async with share.turn(), share.turn():
        pass
