"""`context.call_http`: a request that the host makes, as the extension does by an activity of its own.

Source: TaskHttpActivityShim and DurableOrchestrationContext.CallHttpAsync in azure-functions-durable-extension. What is left out: tokens of
a managed identity, and following a 202 (Azure asks its Location again, by timers and calls whose numbers the SDK does not know)."""

import json
from collections.abc import Mapping
from typing import Any

ACTIVITY = "BuiltIn::HttpActivity"


def is_request(action: Mapping[str, Any]) -> bool:
    return "httpRequest" in action


def text_of(action: Mapping[str, Any]) -> str:
    """The activity's input: a list of one request."""
    return json.dumps([action["httpRequest"]])
