"""The span of a request: what runs because of it lies below, and what the caller's `traceparent` names above.

Handlers take the request's context from `request["trace"]`, and name their route in `request["route"]`. Source: ASP.NET Core's
instrumentation as OpenTelemetryConfigurationExtensions of azure-functions-host sets it up (name, kind, attributes; no query, for it may
hold keys). Requests that reach no route, and those that only look at instances, have a span there and none here: a poll a second would
hide the rest."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from devkit.host.clock import Clock
from devkit.host.durable import trace
from devkit.host.spans import Span, Spans

SCOPE = "Microsoft.AspNetCore"
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Requests:
    def __init__(self, spans: Spans, clock: Clock) -> None:
        self._spans = spans
        self._clock = clock

    async def traced(self, request: web.Request, handle: Handle) -> web.StreamResponse:
        given = request.headers.get("traceparent", "")
        above = given if trace.TRACEPARENT.fullmatch(given) else None
        request["trace"] = context = trace.incoming(above)
        if not self._spans.on:
            return await handle(request)
        start = self._clock.now()
        response = await handle(request)
        if (route := request.get("route")) is not None:
            span = Span(
                name=f"{request.method} {route}", kind="server", context=context, parent=above, start=start, end=self._clock.now(),
                scope=SCOPE, failed=response.status >= 500, attributes=_attributes(request, route, response.status),
            )  # fmt: skip
            self._spans.write([span])
        return response


def _attributes(request: web.Request, route: str, status: int) -> dict[str, str | int]:
    return {
        "faas.trigger": "http",
        "http.request.method": request.method,
        "http.route": route,
        "http.response.status_code": status,
        "server.address": request.url.host or "",
        "server.port": request.url.port or 0,
        "url.path": request.path,
        "url.scheme": request.scheme,
    }
