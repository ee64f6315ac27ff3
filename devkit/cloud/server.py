"""One cloud, put together: its parts, its listeners, its two kinds of background work."""

import fcntl
import ssl
from collections.abc import Callable
from typing import TextIO

from aiohttp import web

from devkit.cloud.arm.answers import stamp
from devkit.cloud.arm.service import Arm
from devkit.cloud.arm.writes import WriteBucket
from devkit.cloud.background import Background
from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig, ManagedIdentity, Problem
from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.content.store import Store
from devkit.cloud.control.app import control_app
from devkit.cloud.database import Database
from devkit.cloud.entra.apps import Apps
from devkit.cloud.entra.service import EntraService, by_clock
from devkit.cloud.entra.tokens import EntraTokens
from devkit.cloud.errors import unexpected_by_arm, unexpected_by_entra
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.eventgrid.grid import EventGrid
from devkit.cloud.faults.door import Door
from devkit.cloud.faults.imposing import middlewares
from devkit.cloud.faults.parts import Faults
from devkit.cloud.identities.directory import Directory
from devkit.cloud.identities.managedidentity import IdentityEndpoint, unexpected_by_identity
from devkit.cloud.identities.repositorytokens import RepositoryTokens
from devkit.cloud.identities.roles import Asked
from devkit.cloud.imports.importer import Importer
from devkit.cloud.parts import Parts
from devkit.cloud.registry.app import registry_app
from devkit.cloud.registry.dataendpoint import DataEndpoint, unexpected_by_storage
from devkit.cloud.registrysettings import RegistrySettings
from devkit.cloud.tokens import Signer
from devkit.cloud.unknowns import Switches
from devkit.cloud.vault.app import vault_app
from devkit.cloud.vault.secrets import Secrets
from devkit.cloud.web import Recorder

SMALL = 64 * 1024  # more than any form or ARM body needs
READ_AHEAD = 512 * 1024  # of a request's body, while what came before is hashed and written; a connection holds twice as much at most


class Cloud:
    """Made inside a running event loop; `start` returns once every port serves. `on_failure` is called when it cannot go on: `failure` says
    why."""

    def __init__(self, config: CloudConfig, on_failure: Callable[[], None]) -> None:
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _own(config)
        self._config = config
        self._background = Background(on_failure)
        self._parts = _parts(config, self._background)
        self._runners: list[web.AppRunner] = []

    @property
    def failure(self) -> BaseException | None:
        return self._background.failure

    async def start(self) -> None:
        ports, tls, parts = self._config.ports, self._tls(), self._parts
        data = DataEndpoint(ports.data, parts.signer, parts.clock, parts.files)
        doors = [
            await self._door(_entra_app(parts), ports.entra, tls),
            await self._door(_arm_app(parts), ports.arm, tls),
            await self._door(registry_app(parts, data), ports.registry, tls),
        ]
        if ports.identity and (managed := self._config.managed_identity):
            doors.append(await self._door(_identity_app(parts, managed), ports.identity, None))
        if ports.vault and (vault := self._config.vault):
            parts.vault_secrets.seed(vault.secrets)
            doors.append(await self._door(vault_app(parts, vault, parts.vault_secrets), ports.vault, tls))
        if ports.data:
            doors.append(await self._door(_data_app(parts, data), ports.data, tls))
        await parts.faults.outage.begin(doors)
        await (await self._door(control_app(parts), ports.control, None)).open()
        parts.importer.resume()
        self._background.start(parts.eventgrid.run())
        self._background.start(parts.faults.outage.run())

    async def stop(self) -> None:
        await self._background.stop()
        for runner in self._runners:
            await runner.cleanup()
        self._parts.database.close()
        self._lock.close()

    async def _door(self, app: web.Application, port: int, tls: ssl.SSLContext | None) -> Door:
        """Still shut."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, auto_decompress=False, read_bufsize=READ_AHEAD)
        self._runners.append(runner)
        await runner.setup()
        return Door(runner, port, tls)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._config.tls.certificate, self._config.tls.key)
        except OSError as error:  # ssl.SSLError is one
            raise Problem(f"cannot use the certificate {self._config.tls.certificate} with its key: {error.strerror or error}") from None
        return context


def _parts(config: CloudConfig, background: Background) -> Parts:
    database = Database(config.state / "cloud.db")
    clock = Clock(database, config.clock_scale)
    registry = RegistrySettings(database, config.registry)
    store, files = Store(database, clock, registry), BlobFiles(config.state)
    signer = Signer(database.signing_key(), clock)
    apps = Apps(database, clock, config.everyone)
    switches = Switches(database, config.unknowns)
    eventgrid = EventGrid(config, clock, database, switches)
    events = RegistryEvents(clock, database, switches, registry_id=config.registry_id, queue=eventgrid.queue)
    faults = Faults.of(config, database, clock, store, background)
    return Parts(
        config=config,
        clock=clock,
        unknowns=switches,
        database=database,
        store=store,
        files=files,
        signer=signer,
        directory=Directory(config, apps, RepositoryTokens(database, clock, config.tokens)),
        entra=EntraTokens(config, signer, apps),
        events=events,
        eventgrid=eventgrid,
        importer=Importer(
            config,
            clock,
            database,
            store=store,
            files=files,
            events=events,
            background=background,
            faults=faults.imports,
            switches=switches,
        ),
        recorder=Recorder(),
        vault_secrets=Secrets(database, clock),
        faults=faults,
        asked=Asked(config.registry.role_mode),
        registry=registry,
        arm_writes=WriteBucket(database, clock),
    )


def _entra_app(parts: Parts) -> web.Application:
    stamped = [by_clock(parts.clock), *middlewares("entra", parts, unexpected_by_entra)]
    app = web.Application(middlewares=stamped, client_max_size=SMALL)
    app.add_routes(EntraService(parts.config, parts.clock, parts.unknowns, parts.entra).routes())
    return app


def _arm_app(parts: Parts) -> web.Application:
    app = web.Application(middlewares=middlewares("arm", parts, unexpected_by_arm), client_max_size=SMALL)
    app.add_routes(Arm(parts).routes())
    app.on_response_prepare.append(stamp(parts.clock))
    app.add_routes(parts.eventgrid.validation_routes())
    return app


def _data_app(parts: Parts, data: DataEndpoint) -> web.Application:
    app = web.Application(middlewares=middlewares("data", parts, unexpected_by_storage), client_max_size=SMALL)
    app.add_routes(data.routes())
    return app


def _identity_app(parts: Parts, managed: ManagedIdentity) -> web.Application:
    app = web.Application(middlewares=middlewares("identity", parts, unexpected_by_identity), client_max_size=SMALL)
    app.add_routes(IdentityEndpoint(managed, parts.clock, parts.entra, parts.config.lifetimes.identity_seconds).routes())
    return app


def _own(config: CloudConfig) -> TextIO:
    """One process for one state folder; the lock goes with the process."""
    lock = (config.state / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem(f"another process runs the cloud of {config.state}: stop it first") from None
    return lock
