"""An event that is not for us, kept where it can be seen and counted. Its text came from outside and stays a text."""

from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import input_of


@bp.orchestration_trigger(context_name="context")
def record_rejected_event(context: df.DurableOrchestrationContext) -> dict[str, Any]:
    """`{reason, event}` -> `{state: "rejected", reason}`. `event`: at most 16 KB of the raw text."""
    reason = input_of(context)["reason"]
    context.set_custom_status({"message": f"rejected: {reason}"})
    return {"state": "rejected", "reason": reason}
