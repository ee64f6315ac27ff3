"""HTTP to one host: azure-core's pipeline on one kept transport, answers bounded, network trouble told as a refusal.

No retry, no redirect, no logging policy: the first two are decided elsewhere, the last would print what holds tokens. One transport for
each host is kept, since a TLS handshake costs more than most calls."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.rest import AsyncHttpResponse, HttpRequest

from registries.egress import LARGEST_ANSWER, through, transport
from registries.noanswer import Trouble, trouble_of, unreachable
from replication.failures import NoAnswer, Refused
from replication.targets import DIRECT, Egress

ANSWER_WITHIN: Final = 90  # seconds for the whole: a server that sends a byte now and then is not waited for


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` compare without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    def __init__(self, host: str, egress: Egress = DIRECT) -> None:
        self._host = host
        self._egress = egress
        self._where = through(host, egress)
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] | None = None

    async def send(self, method: str, path: str, *, doing: str, headers: Mapping[str, str] | None = None, **content: Any) -> Answer:
        """`content`: `data` (a form), `content` (bytes) or `params` (a query). Raises `Refused` when no whole answer came."""
        given = {"Accept-Encoding": "identity", **(headers or {})}  # the bytes are hashed as they come
        try:
            request = HttpRequest(method, f"https://{self._host}{path}", headers=given, **content)
            asking = self._opened().send_request(request, stream=True)
        except ValueError as error:  # a host that is no name, a header that HTTP does not allow
            trouble = type(error).__name__
        else:
            return await whole_answer(asking, self._where, doing)
        raise Refused(unreachable(doing, self._where, trouble))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _opened(self) -> AsyncPipelineClient[HttpRequest, AsyncHttpResponse]:
        if self._client is None:
            agent = UserAgentPolicy(sdk_moniker="multi-cloud-publish")
            self._client = AsyncPipelineClient(
                f"https://{self._host}", policies=[agent], transport=transport(self._egress, f"the requests to {self._host}", "registry")
            )
        return self._client


async def whole_answer(asking: Awaitable[AsyncHttpResponse], host: str, doing: str) -> Answer:
    """Of a request that is sent with `stream=True`: read as it comes, so that no more is held than may be. Raises `NoAnswer` when no whole
    one came."""
    body = bytearray()
    try:
        async with asyncio.timeout(ANSWER_WITHIN), await asking as response:
            async for chunk in response.iter_raw():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    break
    except TimeoutError:
        trouble = Trouble(f"not within {ANSWER_WITHIN} seconds", sent=True)
    except (AzureError, ValueError) as error:
        trouble = trouble_of(error)
    else:
        if len(body) <= LARGEST_ANSWER:
            return Answer(response.status_code, response.headers, bytes(body))
        trouble = Trouble(f"the answer is larger than {LARGEST_ANSWER} bytes", sent=True)
    raise NoAnswer(trouble.failure(doing, host), sent=trouble.sent)
