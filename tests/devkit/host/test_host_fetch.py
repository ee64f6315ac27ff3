"""What becomes of a durable HTTP request that cannot be made."""

import asyncio
import json

import pytest

from devkit.host.durable.fetch import ask
from devkit.host.failure import Failure


@pytest.mark.parametrize("uri", [None, "/relative?code=canary-7", "ftp://x/?code=canary-7", "http://[?code=canary-7"])
def test_a_request_that_is_none_fails_and_tells_no_query(uri: str | None) -> None:
    failure = asyncio.run(ask(json.dumps([{"method": "GET", "uri": uri}])))
    assert isinstance(failure, Failure)
    assert failure.type == "HttpRequestException"
    assert failure.message and "canary-7" not in failure.message
