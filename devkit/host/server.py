"""The HTTP side of the host: one socket on 127.0.0.1, and who answers which path."""

import errno
import logging
import socket
from urllib.parse import urlsplit

from aiohttp import web

from devkit.host.admin import Admin
from devkit.host.durable import links
from devkit.host.durable.api import DurableApi
from devkit.host.eventgrid import EventGrid
from devkit.host.httptriggers import HttpTriggers
from devkit.host.keys import Keys
from devkit.host.problem import Problem
from devkit.host.requests import Requests

log = logging.getLogger("devkit.host")
LARGEST = 100 * 1024 * 1024  # "Azure Functions HTTP trigger", limits: 100 MB a request
LARGEST_HEADER = 32 * 1024  # Kestrel's limit of all headers together
WEBHOOKS = "runtime/webhooks/{extensionName}/{*extra}"
LOCAL = {"127.0.0.1", "localhost", "::1"}


def listen(port: int) -> socket.socket:
    """Taken before the app is loaded: a busy port should not cost the time of loading."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise Problem(
                f"Port {port} is busy: stop the program that listens there (maybe another host), or choose another with --port."
            ) from None
        raise Problem(f"Cannot listen on port {port} ({error}): choose another with --port.") from None
    return listener


class Server:
    def __init__(self, http: HttpTriggers, events: EventGrid, durable: DurableApi, admin: Admin, *, keys: Keys, requests: Requests) -> None:
        self._http = http
        self._events = events
        self._durable = durable
        self._admin = admin
        self._keys = keys
        self._requests = requests
        self._runner: web.AppRunner | None = None

    async def serve(self, listener: socket.socket) -> None:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/{path:(?s:.*)}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0, max_field_size=LARGEST_HEADER
        )  # an access log would hold keys
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if (stranger := foreign(request)) is not None:
            return web.Response(status=403, text=stranger)
        try:
            return await self._requests.traced(request, self._dispatch)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except Exception:
            log.exception("%s failed in the host", request.method)
            return web.Response(status=500)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        lower = path.lower()
        if lower.startswith(f"{links.RPC}/"):
            request["trace"] = request.headers.get("traceparent", "")  # the app's own call: no span between it and what it starts
            return await self._durable.handle(request, path[len(links.RPC) :])
        if lower.startswith(f"{links.WEBHOOK}/"):
            if not self._keys.admit(request, "durabletask_extension"):
                return web.Response(status=401)
            if request.method != "GET":
                request["route"] = WEBHOOKS
            return await self._durable.handle(request, path[len(links.WEBHOOK) :])
        if lower.rstrip("/") == "/runtime/webhooks/eventgrid":
            request["route"] = WEBHOOKS
            return await self._events.handle(request)
        if lower.startswith("/admin/"):
            return await self._admin.handle(request)
        return await self._http.handle(request)


def foreign(request: web.Request) -> str | None:
    """Why a request is not this machine's own business: a web page elsewhere must not reach the host through a browser."""
    if urlsplit(f"//{request.host}").hostname not in LOCAL:
        return "The local host answers requests to 127.0.0.1 and localhost only."
    own_apis = request.path.lower().startswith((f"{links.RPC}/", "/runtime/", "/admin/"))
    if own_apis and urlsplit(request.headers.get("Origin", "http://localhost")).hostname not in LOCAL:
        return "The local host answers no other site's pages here."
    return None
