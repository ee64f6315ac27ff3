"""One cloud, put together: its parts, its four listeners, its two kinds of background work."""

import fcntl
import ssl
import uuid
from collections.abc import Callable
from typing import TextIO

from aiohttp import web

from devkit.cloud.arm import Arm
from devkit.cloud.background import Background
from devkit.cloud.blobfiles import BlobFiles
from devkit.cloud.config import CloudConfig, Problem
from devkit.cloud.control import Control
from devkit.cloud.database import Database
from devkit.cloud.delivery import Delivery
from devkit.cloud.entra import Entra
from devkit.cloud.errors import unexpected_by_arm, unexpected_by_entra, unexpected_by_registry
from devkit.cloud.events import EventQueue
from devkit.cloud.identity import Directory
from devkit.cloud.imports import Importer
from devkit.cloud.manifest import LIMIT
from devkit.cloud.registry.attributes import Attributes
from devkit.cloud.registry.auth import RegistryAuth
from devkit.cloud.registry.blobs import Blobs
from devkit.cloud.registry.listing import Listing
from devkit.cloud.registry.manifests import Manifests
from devkit.cloud.registry.routes import Dispatcher, routes
from devkit.cloud.registry.uploads import Uploads
from devkit.cloud.store import Store
from devkit.cloud.tokens import Signer
from devkit.cloud.web import Recorder, answering

SMALL = 64 * 1024  # more than any form or ARM body needs


class Cloud:
    """Made inside a running event loop; `start` returns once every port serves. `on_failure` is called when it cannot go on: `failure` says
    why."""

    def __init__(self, config: CloudConfig, on_failure: Callable[[], None]) -> None:
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _own(config)
        self._config = config
        self._background = Background(on_failure)
        self._database = Database(config.state / "cloud.db")
        self._store = Store(self._database)
        self._files = BlobFiles(config.state)
        self._signer = Signer(self._database.signing_key())
        self._events = EventQueue(self._database, config.registry_id, config.event_endpoint)
        self._delivery = Delivery(self._events, config.name, config.clock_scale)
        self._importer = Importer(config, self._database, self._store, self._files, self._background)
        self._entra = Entra(config, self._signer)
        self._recorder = Recorder()
        self._runners: list[web.AppRunner] = []

    @property
    def failure(self) -> BaseException | None:
        return self._background.failure

    async def start(self) -> None:
        ports, tls = self._config.ports, self._tls()
        control = Control(self._config, self._importer, self._events, self._delivery, self._recorder)
        await self._listen(self._entra_app(), ports.entra, tls)
        await self._listen(self._arm_app(), ports.arm, tls)
        await self._listen(self._registry_app(), ports.registry, tls)
        await self._listen(control.app(), ports.control, None)
        self._importer.resume()
        self._background.start(self._delivery.run())

    async def stop(self) -> None:
        await self._background.stop()
        for runner in self._runners:
            await runner.cleanup()
        self._database.close()
        self._lock.close()

    def _entra_app(self) -> web.Application:
        app = web.Application(middlewares=[answering("entra", self._recorder, unexpected_by_entra)], client_max_size=SMALL)
        app.add_routes(self._entra.routes())
        return app

    def _arm_app(self) -> web.Application:
        app = web.Application(middlewares=[answering("arm", self._recorder, unexpected_by_arm)], client_max_size=SMALL)
        app.add_routes(Arm(self._config, self._entra, self._importer, self._signer).routes())
        return app

    def _registry_app(self) -> web.Application:
        config, database, store, events, wake = self._config, self._database, self._store, self._events, self._delivery.wake
        auth = RegistryAuth(config, Directory(config), self._entra, self._signer)
        table = routes(
            Listing(store),
            Manifests(database, store, events, wake),
            Blobs(store, self._files),
            Uploads(store, self._files, auth),
            Attributes(config.login_server, database, store, events, wake),
        )
        app = web.Application(middlewares=[answering("registry", self._recorder, unexpected_by_registry)], client_max_size=LIMIT)
        app.router.add_get("/oauth2/token", auth.token_by_get, allow_head=False)
        app.router.add_post("/oauth2/token", auth.token_by_post)
        app.router.add_post("/oauth2/exchange", auth.exchange)
        app.router.add_route("*", r"/{path:[\s\S]*}", Dispatcher(auth, table))
        app.on_response_prepare.append(_stamp)
        return app

    async def _listen(self, app: web.Application, port: int, tls: ssl.SSLContext | None) -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self._runners.append(runner)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        except OSError:
            sentence = f"port {port} of 127.0.0.1 is taken: stop what listens there, or give the cloud {self._config.name} another"
            raise Problem(sentence) from None

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._config.tls.certificate, self._config.tls.key)
        except OSError as error:  # ssl.SSLError is one
            raise Problem(f"cannot use the certificate {self._config.tls.certificate} with its key: {error.strerror or error}") from None
        return context


async def _stamp(_: web.Request, response: web.StreamResponse) -> None:
    """What every answer of an ACR data plane carries."""
    response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Ms-Correlation-Request-Id"] = str(uuid.uuid4())


def _own(config: CloudConfig) -> TextIO:
    """One process for one state folder; the lock goes with the process."""
    lock = (config.state / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem(f"another process runs the cloud of {config.state}: stop it first") from None
    return lock
