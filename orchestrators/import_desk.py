"""The desk at which a target's imports get their turns, as a durable entity: its key is the target's name."""

from collections.abc import Callable, Mapping
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from replication.importdesk import ImportDesk

OPERATIONS: Mapping[str, Callable[[ImportDesk, dict[str, Any]], Any]] = {
    "turn": lambda desk, given: desk.turn(**given),
    "took": lambda desk, given: desk.took(**given),
}


@bp.entity_trigger(context_name="context")
def import_desk(context: df.DurableEntityContext) -> None:
    """Operations are `ImportDesk`'s, their inputs its arguments by name."""
    desk = ImportDesk.from_json(context.get_state())
    answer = OPERATIONS[str(context.operation_name)](desk, context.get_input())
    context.set_state(desk.to_json())
    context.set_result(answer)  # always: else the SDK answers what the operation before it in the same batch did
