"""`python -m bench.pipeline.bare`: the requests that standard input lists, by azure-core's transport without any policy.

Input: `{"times": N, "requests": [{"method", "url", "headers", "body"?}]}`. Output: CPU seconds, but for a first round, which opens
connections."""

import asyncio
import json
import sys
import time
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest


async def asked(requests: list[dict[str, Any]], times: int) -> float:
    async with AioHttpTransport() as transport:
        await _once(transport, requests)
        began = time.process_time()
        for _ in range(times):
            await _once(transport, requests)
        return time.process_time() - began


async def _once(transport: AioHttpTransport, requests: list[dict[str, Any]]) -> None:
    for one in requests:
        request = HttpRequest(one["method"], one["url"], headers=one["headers"], content=one.get("body"))
        response = await transport.send(request, stream=True)
        async for _ in response.iter_raw():
            pass


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(asyncio.run(asked(given["requests"], given["times"])))
