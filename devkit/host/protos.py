"""The few protobuf names that the worker library touches while it indexes an app.

In Azure they come from the generated gRPC module; the host stand-in speaks no gRPC, and plain values do.
Names: FunctionRpc.proto in Azure/azure-functions-language-worker-protobuf."""

from types import SimpleNamespace
from typing import Any


class BindingInfo(SimpleNamespace):
    """Directions carry the SDK's own numbers, so that the library's comparisons hold."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)


# `in` is a keyword, so the class body cannot say it; 0 also is DataType.undefined
for _name, _number in {"in": 0, "out": 1, "inout": 2, "undefined": None}.items():
    setattr(BindingInfo, _name, _number)


class RpcFunctionMetadata(SimpleNamespace):
    """name, function_id, raw_bindings (JSON texts) and what else the library tells of a function."""


class RpcRetryOptions(SimpleNamespace):
    """A function's `@app.retry`: max_retry_count, retry_strategy, delay_interval or minimum_interval and maximum_interval."""
