"""Instances in flight survive an upgrade: recorded histories are followed to their end by the orchestrators of today.

The SDK's replay accepts a history that scheduled another activity; so what it schedules now is compared with what was scheduled then."""

import json
from pathlib import Path

import pytest

from devkit.host.clock import moment_of
from devkit.host.durable.messages import Kind
from devkit.host.durable.replay import Mismatch, Replay
from tests.replay.episodes import ask

HISTORIES = sorted(Path(__file__).parent.glob("histories/*.json"))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_recorded_history_is_followed_to_its_end(file: Path) -> None:
    recorded = json.loads(file.read_text())
    history = recorded["history"]
    ends = next(one for one in history if one["EventType"] == Kind.EXECUTION_COMPLETED)
    for length in [place for place, one in enumerate(history) if one["EventType"] == Kind.ORCHESTRATOR_COMPLETED]:
        state = ask(recorded["name"], recorded["input"], recorded["instance"], history[:length])
        replay = Replay(state["actions"][0], moment_of(history[0]["Timestamp"])).over(history[:length])
        assert not replay.pending, "it schedules what it did not schedule then"
    assert state["output"] == json.loads(ends["Result"])


def test_a_history_that_scheduled_another_activity_is_noticed() -> None:
    recorded = json.loads(HISTORIES[0].read_text())
    history = recorded["history"]
    first = next(one for one in history if one["EventType"] == Kind.TASK_SCHEDULED)
    first["Name"] = "another_activity"
    state = ask(recorded["name"], recorded["input"], recorded["instance"], history)
    with pytest.raises(Mismatch, match="another_activity"):
        Replay(state["actions"][0], moment_of(history[0]["Timestamp"])).over(history)
