"""The waiting room of a place, as a durable entity: its key is the place's name."""

from collections.abc import Callable, Mapping
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from replication.waitingroom import WaitingRoom

Given = dict[str, Any]


def _news(room: WaitingRoom, given: Given) -> Any:
    room.told(given.pop("told"))
    for run in given.pop("gone"):
        room.leave(run)
    return room.news(**given)


OPERATIONS: Mapping[str, Callable[[WaitingRoom, Given], Any]] = {
    "enter": lambda room, given: room.enter(**given),
    "leave": lambda room, given: room.leave(**given),
    "let_through": lambda room, given: room.let_through(**given),
    "probe": lambda room, given: room.probe(**given),
    "news": _news,
}


@bp.entity_trigger(context_name="context")
def waiting_room(context: df.DurableEntityContext) -> None:
    """Operations are `WaitingRoom`'s, their inputs its arguments by name; `news` begins with who was `told`, [run, event],
    and who is `gone`."""
    room = WaitingRoom.from_json(context.get_state())
    answer = OPERATIONS[str(context.operation_name)](room, context.get_input())
    context.set_state(room.to_json())
    context.set_result(answer)  # always: else the SDK answers what the operation before it in the same batch did
