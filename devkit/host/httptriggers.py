"""HTTP triggers: from a request to the worker's Datum, and from the returned Datum to a response.

Source: "Azure Functions HTTP trigger"; RpcHttp in FunctionRpc.proto. A wrong method is a 404; a failed function is a 500 without a body."""

import logging
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.functions import Binding, Function
from devkit.host.keys import Keys
from devkit.host.routes import Route
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
GREETING = "The Functions app is up and running on the local host.\n"  # in place of Azure's page


class HttpTriggers:
    def __init__(self, worker: Worker, keys: Keys, prefix: str) -> None:
        self._worker = worker
        self._keys = keys
        self._prefix = prefix
        self._functions = sorted(
            ((Route.parse(f"{prefix}/{function.trigger['route']}"), function) for function in worker.of_type("httpTrigger")),
            key=lambda pair: pair[0].rank,
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        found = self._find(request)
        if found is None:
            return web.Response(text=GREETING) if request.path == "/" else web.Response(status=404)
        function, parameters = found
        request["route"] = f"{self._prefix}/{function.trigger['route']}".strip("/")
        if not self._keys.admit_level(request, function.trigger["authLevel"]):
            return web.Response(status=401)
        answer = await self._worker.call(function, await http_datum(request, parameters), {}, request["trace"])
        if answer.failure is not None:
            return web.Response(status=500)
        try:
            return response_of(answer.datum)
        except ValueError as error:  # a status or a header that HTTP does not allow
            log.error("%s returned a response that cannot be sent: %s", function.name, type(error).__name__)
            return web.Response(status=500)

    def _find(self, request: web.Request) -> tuple[Function, Mapping[str, str]] | None:
        for route, function in self._functions:
            parameters = route.match(request.rel_url.raw_path)
            if parameters is not None and request.method in methods(function.trigger):
                return function, parameters
        return None


def methods(trigger: Binding) -> Sequence[str]:
    given: Sequence[str] = trigger.get("methods") or ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
    return [method.upper() for method in given]


async def http_datum(request: web.Request, parameters: Mapping[str, str]) -> Datum:
    headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    body = await request.read()
    if body and request.content_length is None:
        log.warning("a request body without Content-Length arrives empty, as in Azure: send its length")
        body = b""
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(request.url), "string"),
            "headers": _texts(headers),
            "query": _texts({name: ",".join(request.query.getall(name)) for name in request.query if request.query[name]}),
            "params": _texts(parameters),
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def response_of(datum: Datum | None) -> web.Response:
    if datum is None or datum.type is None:
        return web.Response(status=204)
    if datum.type != "http":  # a bare string
        return web.Response(text=str(datum.value), content_type="text/plain")
    value: dict[str, Any] = datum.value
    response = web.Response(
        status=int(value["status_code"].value),
        headers={
            name: each.value for name, each in value["headers"].items() if name.lower() not in ("content-length", "transfer-encoding")
        },
        body=value["body"].value,
    )
    cookies: Sequence[SimpleCookie] = value.get("cookies") or ()
    for cookie in cookies:
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
