"""Hands the caller's trace to synchronous functions too.

azure-functions-runtime 1.3.0 attaches it for asynchronous functions alone, though a comment there says otherwise. The worker of Python
3.11 does it for both, in the thread of the pool. Each call gets a context of its own, so that nothing stays behind."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from azure_functions_runtime import native_invocation
from azure_functions_runtime.otel import configure_opentelemetry


def hand_over_traces() -> None:
    """Once per process, when OpenTelemetry is on."""
    native_invocation.run_sync_func = _attaching(native_invocation.run_sync_func)


def _attaching(run: Callable[..., Any]) -> Callable[..., Any]:
    def attached(invocation: str, context: Any, *call: Any) -> Any:
        configure_opentelemetry(context)
        return run(invocation, context, *call)

    return lambda *arguments: copy_context().run(attached, *arguments)
