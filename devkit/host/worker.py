"""Microsoft's Python worker library, held by two handles: load an app once, call a function of it.

The library is azure-functions-runtime, which loads and calls the apps in Azure on Python 3.13 and later: its loader, type checks,
converters, thread pool and OpenTelemetry hand-over are the real ones. A call goes through its protobuf-free entry,
`native_invocation.invocation_request_native`. Source: Azure/azure-functions-python-worker, runtimes/v2."""

import asyncio
import json
import logging
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from azure_functions_runtime import handle_event, native_invocation
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.otel import initialize_azure_monitor, otel_manager, update_opentelemetry_status
from azure_functions_runtime.utils.app_setting_manager import is_envvar_true
from azure_functions_runtime.utils.threadpool import get_threadpool_executor, start_threadpool_executor

from devkit.host import protos
from devkit.host.contained import contain
from devkit.host.failpoints import reach
from devkit.host.failure import Failure
from devkit.host.functions import Function, check, disabled, nothing_found, tell_of_unserved
from devkit.host.problem import Problem
from devkit.host.retry import Retry
from devkit.host.synchronous import hand_over_traces
from devkit.host.threads import busy

log = logging.getLogger("devkit.host")
REPLAYED = ("orchestration", "entity")  # in Azure a step that takes too long is done again; code in a thread cannot be stopped for that
USUAL_TIMEOUT = 300.0  # seconds; functionTimeout's default in the Consumption plan


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: the returned Datum (None when nothing was returned), or why it failed."""

    datum: Datum | None = None
    failure: Failure | None = None


class Worker:
    def __init__(self, functions: Sequence[Function], timeout: float | None) -> None:
        self.functions = functions
        self._timeout = timeout
        self.traces: dict[str, str] = {}  # invocation id -> traceparent, of the calls that run now
        self.client_payload = "{}"  # what a durableClient parameter receives; the server knows it once its port is known

    @classmethod
    def load(cls, folder: Path, timeout: float | None) -> "Worker":
        """Import `function_app.py` and index it, in the worker's own order. Whatever the worker raises goes through. `timeout` is
        functionTimeout, in seconds."""
        _NativeFailures.listen()
        contain()
        handle_event.protos = protos
        start_threadpool_executor()
        if is_envvar_true("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"):
            initialize_azure_monitor()
        if is_envvar_true("PYTHON_ENABLE_OPENTELEMETRY"):
            otel_manager.set_otel_libs_available(True)
            update_opentelemetry_status()
            hand_over_traces()
        handle_event.load_binding_registry()
        handle_event.load_function_metadata(str(folder), caller_info="worker_init_request")
        found = handle_event._metadata_result
        if found is None:
            raise Problem(nothing_found(folder))
        functions = [
            Function(each.name, each.function_id, [json.loads(raw) for raw in each.raw_bindings], Retry.of(each.retry_options))
            for each in found
        ]
        check(functions)
        functions = [function for function in functions if not disabled(function.name, os.environ)]
        tell_of_unserved(functions)
        return cls(functions, timeout)

    def of_type(self, trigger: str) -> list[Function]:
        return [function for function in self.functions if function.trigger["type"] == trigger]

    async def call(self, function: Function, value: Datum, metadata: Mapping[str, Datum], traceparent: str, *, retries: int = 0) -> Answer:
        """Run a function in an asyncio task of its own, so that what it attaches to its context stays there."""
        inputs = [(function.trigger["name"], value)]
        inputs += [(name, Datum(self.client_payload, "string")) for name in function.named("durableClient")]
        invocation, kind = str(uuid.uuid4()), function.kind
        self.traces[invocation] = traceparent
        limit = None if kind in REPLAYED else self._timeout
        reach("before_call", kind)
        call = asyncio.create_task(_invoke(invocation, function, inputs, dict(metadata), traceparent, retries=retries))
        patience = self._timeout or USUAL_TIMEOUT
        notice = asyncio.get_running_loop().call_later(patience, _tell_of_slow, function, patience) if kind in REPLAYED else None
        try:
            async with asyncio.timeout(limit):
                answer = await asyncio.shield(call)
        except TimeoutError:
            answer = _late(function, limit or 0.0)
        finally:
            call.cancel()  # not awaited: the app may heed it late, or never
            del self.traces[invocation]
            if notice is not None:
                notice.cancel()
        reach("after_call", kind)
        return answer

    def busy_threads(self) -> bool:
        """Whether the app still holds a thread of the worker's pool or of the loop's: Python cannot end it, only the process can."""
        pools = (get_threadpool_executor(), vars(asyncio.get_running_loop()).get("_default_executor"))
        return any(busy(pool) for pool in pools if pool is not None)


def _tell_of_slow(function: Function, seconds: float) -> None:
    log.error(
        "%s has not returned for %g seconds: it blocks, or waits for a thread of the worker's pool while others block in all of them"
        " (PYTHON_THREADPOOL_THREAD_COUNT). Azure would replace the worker process; here, restart the host.",
        function.name,
        seconds,
    )


def _late(function: Function, seconds: float) -> Answer:
    """In Azure the whole worker process is ended; here what is asynchronous is cancelled, and a synchronous function keeps its thread."""
    minutes, second = divmod(int(seconds), 60)
    text = f"Timeout value of {minutes // 60:02}:{minutes % 60:02}:{second:02} was exceeded by function: Functions.{function.name}"
    log.error("%s failed: %s (functionTimeout in host.json)", function.name, text)
    return Answer(failure=Failure("Microsoft.Azure.WebJobs.Host.FunctionTimeoutException", text, ""))


async def _invoke(
    invocation: str, function: Function, inputs: list[tuple[str, Datum]], metadata: dict[str, Datum], traceparent: str, *, retries: int
) -> Answer:
    caught: list[BaseException] = []
    _caught.set(caught)
    most = 0 if function.retry is None else function.retry.count
    ok, datum, _, text, trace = await native_invocation.invocation_request_native(
        invocation, function.id, inputs, metadata, trace_parent=traceparent, retry_count=retries, max_retry_count=most
    )
    if ok:
        return Answer(datum)
    failure = Failure.of(caught[-1]) if caught else Failure("Exception", text or "", trace or "")
    log.error("%s failed: %s", function.name, failure.loggable())
    return Answer(failure=failure)


_caught: ContextVar[list[BaseException] | None] = ContextVar("caught", default=None)


class _NativeFailures:
    """The native entry hands back the `repr` of an exception, and tells the exception itself to its logger alone: this stands in for that.
    The host needs its type and message, whatever the app does to the logging, and the library's log line would spill what an
    orchestrator's exception carries (all its actions, with their inputs)."""

    def exception(self, _: str) -> None:
        error, caught = sys.exception(), _caught.get()
        if error is not None and caught is not None:
            caught.append(error)

    @classmethod
    def listen(cls) -> None:
        native_invocation.logger = cls()
