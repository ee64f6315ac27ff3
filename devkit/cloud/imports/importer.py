"""The copier behind importImage: pulls one artifact from another registry and stores it whole.

Blobs first, each hashed on its way to disk; then, in one transaction, children, index and tags. Referrers stay behind, as in Azure: they
are not part of an image (docs: container-registry-import-images). Blobs this registry holds already are not fetched again. An import takes
at least its latency and its bytes over its rate, both by the cloud's clock scale. After a restart a running one starts again from its row.

An import by tag takes what the tag means as it starts. If that is no longer so in the end, it succeeds all the same, and the target's tag
points to the newer manifest, which was never stored (acr.md 2.4.1 [R], azure-cli#29974).

Two imports never wait for each other or share work; more than `AT_ONCE` stand in line, since Azure publishes no number."""

import asyncio
import logging
from functools import partial
from typing import Any

from devkit.cloud.background import Background
from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig, ImportPace
from devkit.cloud.content.blobfiles import BlobFiles, DigestMismatch
from devkit.cloud.content.manifest import InvalidManifest, Manifest
from devkit.cloud.content.store import Store
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.faults.imports import ImportFaults
from devkit.cloud.imports.operations import ImportFailed, ImportFailure, Operations, Work
from devkit.cloud.imports.request import ImportRequest
from devkit.cloud.imports.rules import ImportRules, missing, too_many
from devkit.cloud.imports.source import SourceRegistry
from devkit.cloud.imports.sourceanswers import BlobMissing, SourceBroken, SourceDenied, SourceMissing, SourceRefused
from devkit.cloud.imports.sourceimage import TooManyManifests, digest_of_tag, whole_image
from devkit.cloud.names import is_digest
from devkit.cloud.unknowns import Switches

AT_ONCE = 16

log = logging.getLogger("devkit.cloud")


class Importer:
    def __init__(
        self,
        config: CloudConfig,
        clock: Clock,
        database: Database,
        *,
        store: Store,
        files: BlobFiles,
        events: RegistryEvents,
        background: Background,
        faults: ImportFaults,
        switches: Switches,
    ) -> None:
        self.pace = config.pace  # in force for imports that begin from now on
        self.operations = Operations(database, clock, config.operation_seconds)
        self._config = config
        self._clock = clock
        self._database = database
        self._store = store
        self._files = files
        self._events = events
        self._background = background
        self._faults = faults
        self._switches = switches
        self._rules = ImportRules(store, switches)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self, request: ImportRequest) -> None:
        """Before it begins: whether there is too much to it, if that is to be said at once (acr.md 2.3 [?]). What else is wrong with its
        source is told to whoever polls. Raises `ImportFailed`."""
        if self._switches.now.oversized_index == "poll":
            return
        try:
            async with self._source(request) as source:
                await whole_image(source, request.reference)
        except TooManyManifests:
            raise too_many() from None
        except (SourceRefused, SourceDenied, SourceMissing, SourceBroken, DigestMismatch, InvalidManifest) as trouble:
            log.info("an import is not checked before it begins: %s", type(trouble).__name__)

    def begin(self, body: Any, request: ImportRequest) -> str:
        """The operation's id. The copying goes on by itself."""
        work = self.operations.begin(body, request, self.pace)
        self._faults.begun(work)
        self._background.start(self._run(work))
        return work.id

    def resume(self) -> None:
        for work in self.operations.running():
            log.info("import %s starts again after a restart", work.id)
            self._background.start(self._run(work))

    async def _run(self, work: Work) -> None:
        try:
            reference = await self._resolved(work)
            await self._clock.sleep(work.pace.latency_seconds)
            await self._faults.before(work)
            async with self._turns:
                await self._copy(work, reference)
        except ImportFailed as failed:
            self.operations.failed(work.id, self._failure(work, failed))
        except Exception:  # a bug of ours, told as Azure tells of its own
            log.exception("import %s failed", work.id)
            self.operations.failed(work.id, ImportFailure(500, "InternalServerError", "An internal error occurred."))

    async def _resolved(self, work: Work) -> str:
        """The digest that its tag means as the import starts; over a restart, still that one. The tag if there is no telling: the copying
        will say why."""
        if work.resolved is not None or is_digest(work.request.reference):
            return work.resolved or work.request.reference
        try:
            async with self._source(work.request) as source:
                digest = await digest_of_tag(source, work.request.reference)
        except (SourceRefused, SourceDenied, SourceMissing, SourceBroken) as trouble:
            log.info("import %s: its tag is not known yet: %s", work.id, type(trouble).__name__)
            return work.request.reference
        self.operations.resolved(work.id, digest)
        return digest

    async def _copy(self, work: Work, reference: str) -> None:
        request = work.request
        self._rules.require_movable(request)  # NoForce fails before any copying
        try:
            async with self._source(request) as source:
                manifests = await whole_image(source, reference)
                self._rules.require_taken(request, manifests)
                await self._fetch_blobs(source, manifests, work)
                tagged = await self._meant(source, request, manifests[-1].digest)
        except SourceRefused as refused:
            raise ImportFailed(400, "InvalidParameters", f"Invalid message Unauthorized Unauthorized {refused}") from None
        except SourceDenied:
            raise ImportFailed(400, "InvalidParameters", f"Access to {request.login_server} denied.") from None
        except SourceMissing:
            raise missing(request) from None
        except TooManyManifests:
            raise too_many() from None
        except (SourceBroken, DigestMismatch, InvalidManifest) as broken:
            log.warning("import %s: %s: %s", work.id, type(broken).__name__, broken)
            raise ImportFailed(400, "InvalidParameters", "Error copying blobs") from None  # recorded so, without detail
        with self._database.transaction():
            self._rules.require_movable(request)
            self._faults.land(work, manifests, partial(self._keep, tagged))
            self.operations.succeeded(work.id)

    async def _meant(self, source: SourceRegistry, request: ImportRequest, copied: str) -> str:
        """What the target's tags are to point to: what the source's tag means by now, copied or not."""
        if is_digest(request.reference) or all(target.tag is None for target in request.targets):
            return copied
        try:
            return await digest_of_tag(source, request.reference)
        except SourceMissing:
            return copied

    def _source(self, request: ImportRequest) -> SourceRegistry:
        return SourceRegistry(request, self._config.tls.ca)

    def _failure(self, work: Work, failed: ImportFailed) -> ImportFailure:
        """Which status a poll has that tells of a failure is not known (acr.md 9 [?]), but for the recorded Conflict and a fault of Azure's
        own."""
        status = 409 if failed.status == 400 and self._switches.now.failed_import_status == "409" else failed.status
        message = f"Operation registries-{work.id} failed. Resource {self._config.registry_id} {failed.said}"
        return ImportFailure(status, failed.code, message)

    async def _fetch_blobs(self, source: SourceRegistry, manifests: list[Manifest], work: Work) -> None:
        total = 0
        needed = {digest for manifest in manifests for digest in manifest.blobs}
        for digest in dict.fromkeys(digest for manifest in manifests for digest in (*manifest.blobs, *self._foreign(manifest))):
            if self._files.size(digest) is None:
                try:
                    total += await self._fetch_blob(source, digest, work.pace)
                except BlobMissing:
                    if digest in needed:
                        raise
                self.operations.copied(work.id, total)

    def _foreign(self, manifest: Manifest) -> tuple[str, ...]:
        """Of its non-distributable layers, those that are copied where the source has them (acr.md 2.4.4 [?])."""
        return manifest.foreign if self._switches.now.foreign_layers == "copied" else ()

    async def _fetch_blob(self, source: SourceRegistry, digest: str, pace: ImportPace) -> int:
        began = self._clock.now()
        with self._files.begin() as writer:
            async for chunk in source.blob(digest):
                writer.write(chunk)
                await self._clock.sleep_until(began + writer.size / pace.bytes_per_second)
                await asyncio.sleep(0)  # others have their turn, however fast it is
            await asyncio.to_thread(writer.keep, digest)
            return writer.size

    def _keep(self, tagged: str, request: ImportRequest, manifests: list[Manifest]) -> None:
        """Children come before their index in `manifests`, the root last. The tags are to point to `tagged`. Raises `ImportFailed`: what is
        not taken may have become so since the copying began."""
        self._rules.require_taken(request, manifests)
        for repository in dict.fromkeys(target.repository for target in request.targets):
            for manifest in manifests:
                held = [digest for digest in self._foreign(manifest) if self._files.size(digest) is not None]
                self._store.link_blobs(repository, (*manifest.blobs, *held))
                self._store.put_manifest(repository, manifest)
            tags = [target.tag for target in request.targets if target.repository == repository and target.tag is not None]
            self._events.imported(repository, manifests, tags if tagged == manifests[-1].digest else [], self._config.login_server)
        for target in request.targets:
            if target.tag is not None:
                self._store.put_tag(target.repository, target.tag, tagged)
