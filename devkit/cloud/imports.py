"""The copier behind importImage: pulls one artifact from another registry and stores it whole.

Blobs first, each hashed on its way to disk; then, in one transaction, children, index and tags. Referrers stay behind, as in Azure: they
are not part of an image (docs: container-registry-import-images). Blobs this registry holds already are not fetched again. An import takes
at least its latency and its bytes over its rate, both by the cloud's clock scale. After a restart a running one starts again from its row.

Two imports never wait for each other or share work; more than `AT_ONCE` stand in line, since Azure publishes no number."""

import asyncio
import json
import logging
from typing import Any

from devkit.cloud.background import Background
from devkit.cloud.blobfiles import BlobFiles, DigestMismatch
from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig, ImportPace
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.faults.imports import ImportFaults
from devkit.cloud.importrequest import ImportRequest
from devkit.cloud.manifest import InvalidManifest, Manifest
from devkit.cloud.names import algorithm_of, is_digest
from devkit.cloud.operations import ImportFailed, ImportFailure, Operations, Work
from devkit.cloud.pull import SourceBroken, SourceMissing, SourceRefused, SourceRegistry
from devkit.cloud.store import Store

AT_ONCE = 16
MOST_MANIFESTS = 50  # docs: container-registry-import-images, "Limitations": per imported image, its index not counted here

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
    ) -> None:
        self.pace = config.pace  # in force for imports that begin from now on
        self.operations = Operations(database, clock)
        self._config = config
        self._clock = clock
        self._database = database
        self._store = store
        self._files = files
        self._events = events
        self._background = background
        self._faults = faults
        self._turns = asyncio.Semaphore(AT_ONCE)

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
        async with self._turns:
            try:
                await self._clock.sleep(work.pace.latency_seconds)
                await self._faults.before(work)
                await self._copy(work)
            except ImportFailed as failed:
                message = f"Operation registries-{work.id} failed. Resource {self._config.registry_id} {failed.said}"
                self.operations.failed(work.id, ImportFailure(failed.status, failed.code, message))
            except Exception:  # a bug of ours, told as Azure tells of its own
                log.exception("import %s failed", work.id)
                self.operations.failed(work.id, ImportFailure(500, "InternalServerError", "An internal error occurred."))

    async def _copy(self, work: Work) -> None:
        request = work.request
        self._require_free_tags(request)  # NoForce fails before any copying
        try:
            async with SourceRegistry(request, self._config.tls.ca) as source:
                manifests = await _manifests(source, request)
                await self._fetch_blobs(source, manifests, work)
        except SourceRefused as refused:
            raise ImportFailed(400, "InvalidParameters", f"Invalid message Unauthorized Unauthorized {refused}") from None
        except SourceMissing:
            raise _missing(request) from None
        except (SourceBroken, DigestMismatch, InvalidManifest) as broken:
            log.warning("import %s: %s: %s", work.id, type(broken).__name__, broken)
            raise ImportFailed(400, "InvalidParameters", "Error copying blobs") from None  # recorded so, without detail
        with self._database.transaction():
            self._require_free_tags(request)
            self._faults.land(work, manifests, self._keep)
            self.operations.succeeded(work.id)

    async def _fetch_blobs(self, source: SourceRegistry, manifests: list[Manifest], work: Work) -> None:
        total = 0
        for digest in dict.fromkeys(digest for manifest in manifests for digest in manifest.blobs):
            if self._files.size(digest) is None:
                total += await self._fetch_blob(source, digest, work.pace)
                self.operations.copied(work.id, total)

    async def _fetch_blob(self, source: SourceRegistry, digest: str, pace: ImportPace) -> int:
        began = self._clock.now()
        with self._files.begin() as writer:
            async for chunk in source.blob(digest):
                writer.write(chunk)
                await self._clock.sleep_until(began + writer.size / pace.bytes_per_second)
                await asyncio.sleep(0)  # others have their turn, however fast it is
            await asyncio.to_thread(writer.keep, digest)
            return writer.size

    def _keep(self, request: ImportRequest, manifests: list[Manifest]) -> None:
        """Children come before their index in `manifests`, the root last."""
        for repository in dict.fromkeys(target.repository for target in request.targets):
            for manifest in manifests:
                self._store.link_blobs(repository, manifest.blobs)
                self._store.put_manifest(repository, manifest)
            tags = [target.tag for target in request.targets if target.repository == repository and target.tag is not None]
            self._events.imported(repository, manifests, tags, self._config.login_server)
        for target in request.targets:
            if target.tag is not None:
                self._store.put_tag(target.repository, target.tag, manifests[-1].digest)

    def _require_free_tags(self, request: ImportRequest) -> None:
        for target in request.targets:
            if not request.force and target.tag is not None and self._store.tag(target.repository, target.tag):
                raise ImportFailed(409, "Conflict", f"Tag {target} already exists in target registry.")


async def _manifests(source: SourceRegistry, request: ImportRequest) -> list[Manifest]:
    """The root and all it lists, at any depth: children before their parents."""
    found: dict[str, Manifest] = {}

    async def visit(reference: str) -> None:
        content, media_type = await source.manifest(reference)
        manifest = Manifest.parse(content, media_type, algorithm_of(reference) if is_digest(reference) else "sha256")
        if is_digest(reference) and manifest.digest != reference:
            raise DigestMismatch
        if len(found) + len(manifest.children) > MOST_MANIFESTS:
            raise ImportFailed(
                400, "InvalidParameters", f"The image has more than the {MOST_MANIFESTS} manifests that can be imported at once."
            )
        for child in manifest.children:
            if child not in found:
                await visit(child)
        found[manifest.digest] = manifest

    await visit(request.reference)
    return list(found.values())


def _missing(request: ImportRequest) -> ImportFailed:
    if not is_digest(request.reference):
        return ImportFailed(400, "InvalidParameters", f"Unable to find manifest digest Repo: {request.repository} Tag: {request.reference}")
    detail = {"Name": request.repository, "Revision": request.reference}
    said = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": detail}]}, separators=(",", ":"))
    return ImportFailed(400, "InvalidParameters", f"Invalid message NotFound NotFound {said}")
