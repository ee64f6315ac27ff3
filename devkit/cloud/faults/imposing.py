"""Faults on their way into an answer."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import assert_never
from urllib.parse import unquote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from devkit.cloud import times
from devkit.cloud.errors import Refusal
from devkit.cloud.faults import words
from devkit.cloud.faults.callers import claimed
from devkit.cloud.faults.connection import alter_body, cut, has_body, until_client_leaves
from devkit.cloud.faults.kinds import (
    Fault,
    Hang,
    Latency,
    LateWrite,
    Reset,
    StaleRead,
    Status,
    Unauthorized,
)
from devkit.cloud.faults.outage import OUTAGE
from devkit.cloud.faults.parts import Faults
from devkit.cloud.faults.rules import Rule
from devkit.cloud.parts import Parts
from devkit.cloud.web import AS_OF, FAULT, Recorder, Service, answered, answering, recorded

Unexpected = Callable[[int, str], Refusal]
CLAIMED = web.RequestKey("claimed", str)


def middlewares(service: Service, parts: Parts, unexpected: Unexpected) -> list[Middleware]:
    """Those that a service of the cloud has. What is imposed is recorded like any other answer."""
    return [answering(service, parts.recorder, unexpected), imposing(service, parts.faults, parts.recorder, unexpected)]


def imposing(service: Service, faults: Faults, recorder: Recorder, unexpected: Unexpected) -> Middleware:
    """Passes on at once while there is no rule."""
    imposer = _Imposer(service, faults, recorder, unexpected)

    @web.middleware
    async def impose(request: web.Request, handler: Handler) -> web.StreamResponse:
        if faults.outage.cuts():  # also who was still in its TLS handshake when the ports were shut
            request[FAULT] = OUTAGE
            raise cut(request)
        if not faults.book:
            return await handler(request)
        if rule := await imposer.rule(request):
            request[FAULT] = rule.id
            return await imposer.impose(rule.fault, request, handler)
        rules = await imposer.rules_of_body(request)
        response = await handler(request)
        if rules and has_body(request, response) and (rule := faults.book.befalling_body(rules)):
            request[FAULT] = rule.id
            alter_body(request, rule.fault, faults.clock)
        return response

    return impose


class _Imposer:
    def __init__(self, service: Service, faults: Faults, recorder: Recorder, unexpected: Unexpected) -> None:
        self._service: Service = service
        self._faults = faults
        self._recorder = recorder
        self._unexpected = unexpected

    async def rule(self, request: web.Request) -> Rule | None:
        return await self._faults.book.befalling(self._service, request.method, _path(request), partial(_told, request))

    async def rules_of_body(self, request: web.Request) -> list[Rule]:
        return await self._faults.book.of_body(self._service, request.method, _path(request), partial(_told, request))

    async def impose(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        clock = self._faults.clock
        match fault:
            case Latency(seconds, "before"):
                await clock.sleep(seconds)
            case Latency(seconds):
                response = await answered(request, handler, self._unexpected)
                await clock.sleep(seconds)
                return response
            case StaleRead(seconds):
                return await self._stale(clock.now() - seconds, request, handler)
            case Status():
                return words.response(self._service, fault)
            case Reset("before"):
                raise cut(request)
            case Reset("after"):
                await answered(request, handler, self._unexpected)
                raise cut(request)
            case Hang(when):
                if when == "after":
                    await answered(request, handler, self._unexpected)
                raise await until_client_leaves(request)
            case Reset():
                alter_body(request, fault, clock)
            case LateWrite():
                return await self._late(fault, request, handler)
            case Unauthorized():
                return await handler(_with_expired_token(request))
        return await handler(request)

    async def _stale(self, moment: float, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Counted as landed if the truth would have been another answer."""
        true = await answered(request.clone(), handler, self._unexpected)
        request[AS_OF] = moment
        told = await answered(request, handler, self._unexpected)
        if _told_by(told) != _told_by(true):
            self._faults.book.landed(request[FAULT])
        return told

    async def _late(self, fault: LateWrite, request: web.Request, handler: Handler) -> web.StreamResponse:
        content = await request.read()  # kept with the request, for the handler
        self._faults.background.start(self._land(fault, request, handler))
        match fault.answer:
            case "reset":
                raise cut(request)
            case "timeout":
                return words.response(self._service, Status(504))
            case "success":
                return _success(request, content)
        assert_never(fault.answer)

    async def _land(self, fault: LateWrite, request: web.Request, handler: Handler) -> None:
        await self._faults.clock.sleep(fault.seconds)
        response = await answered(request, handler, self._unexpected)
        self._recorder.add(recorded(self._service, request, response.status, times.now()))
        if response.status < 300:
            self._faults.book.landed(request[FAULT])


def _told_by(answer: web.StreamResponse) -> tuple[int, str | None, bytes | None]:
    body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else None
    return answer.status, answer.headers.get("Docker-Content-Digest"), body


def _path(request: web.Request) -> str:
    return unquote(request.rel_url.raw_path)


async def _told(request: web.Request, rule: Rule) -> bool:
    """Whether it is for this call, as far as more than the request line tells."""
    if not rule.fault.anonymous and hdrs.AUTHORIZATION not in request.headers:
        return False
    if rule.form.identity is not None:
        if CLAIMED not in request:  # once for all rules
            request[CLAIMED] = await claimed(request)
        if request[CLAIMED] != rule.form.identity:
            return False
    return rule.form.holding is None or rule.form.holding.encode() in await request.read()


def _success(request: web.Request, content: bytes) -> web.Response:
    """What the registry answers to a manifest and to a delete."""
    if request.method != hdrs.METH_PUT:
        return web.Response(status=202)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    location = f"{request.path.rpartition('/')[0]}/{digest}"
    return web.Response(status=201, headers={"Location": location, "Docker-Content-Digest": digest})


def _with_expired_token(request: web.Request) -> web.Request:
    """Nobody's credentials of the same form, so that the service's own refusal, and its challenge, are what is answered."""
    headers = request.headers.copy()
    basic = headers.get(hdrs.AUTHORIZATION, "").lower().startswith("basic")
    headers[hdrs.AUTHORIZATION] = "Basic bm9ib2R5Og==" if basic else "Bearer expired"
    return request.clone(headers=headers)
