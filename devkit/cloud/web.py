"""What every service of the cloud has in common: refusals become answers, and each request is recorded and logged without secrets."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devkit.cloud import times
from devkit.cloud.errors import Refusal

Service = Literal["entra", "arm", "registry", "identity", "vault", "data"]

IDENTITY = web.RequestKey("identity", str)  # set once a caller has proven who it is, never before

AS_OF = web.RequestKey("as_of", float)  # a read is to be answered as of this moment, by the cloud's clock: a replica that lags

FAULT = web.RequestKey("fault", str)  # the id of the rule that was imposed on it

log = logging.getLogger("devkit.cloud")


class Cut(ConnectionResetError):
    """Nothing more goes to this client: a fault has cut its connection, or it has left."""


@dataclass(frozen=True, slots=True)
class Recorded:
    at: str
    service: Service
    method: str
    path: str  # percent-encoded as it came, without the query
    status: int
    identity: str  # a token's name, a client id or "-"
    fault: str | None = None  # the rule that was imposed on it
    agent: str = ""  # the User-Agent
    connection: str = ""  # the client's address and port: requests that share it came over one connection, unless a port was taken again


class Recorder:
    """The last 10,000 requests, in memory: what a test or a person asks who did what."""

    def __init__(self) -> None:
        self._requests: deque[Recorded] = deque(maxlen=10_000)

    def add(self, request: Recorded) -> None:
        self._requests.append(request)
        log.info("%s %s %s %d %s", request.service, request.method, request.path, request.status, request.identity)

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(request) for request in self._requests]


def answering(service: Service, recorder: Recorder, unexpected: Callable[[int, str], Refusal]) -> Middleware:
    """`unexpected` puts what aiohttp refuses, and a bug of ours, into the service's words."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        at, status = times.now(), 499  # nginx's number for a client that left before the answer
        try:
            response = await answered(request, handler, unexpected)
            status = response.status
            return response
        except Cut:
            status = 444  # nginx's number for a connection that was closed without an answer
            raise
        finally:
            recorder.add(recorded(service, request, status, at))

    return answer


def recorded(service: Service, request: web.Request, status: int, at: str) -> Recorded:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None  # None once the client has left
    return Recorded(
        at,
        service,
        request.method,
        request.rel_url.raw_path,
        status,
        request.get(IDENTITY, "-"),
        request.get(FAULT),
        request.headers.get("User-Agent", "")[:200],
        ":".join(map(str, peer[:2])) if peer else "",
    )


async def answered(request: web.Request, handler: Handler, unexpected: Callable[[int, str], Refusal]) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response()
    except web.HTTPException as error:
        return unexpected(error.status, error.reason).response()
    except ConnectionError:
        raise  # the client left: there is nobody to answer
    except Exception:
        log.exception("%s %s failed", request.method, request.rel_url.raw_path)
        return unexpected(500, "Internal server error").response()
