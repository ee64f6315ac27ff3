"""Manifests by tag and by digest. Source: distribution-spec, "Pull", "Push", "Content Management"; docs: container-registry-delete."""

from aiohttp import web

from devkit.cloud.content.manifest import OCI_INDEX, InvalidManifest, Manifest
from devkit.cloud.content.store import Store
from devkit.cloud.content.view import StoredManifest, View
from devkit.cloud.database import Database
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.names import algorithm_of, is_digest, is_tag
from devkit.cloud.registry.calls import Call, json_answer, require
from devkit.cloud.registrysettings import RegistrySettings


class Manifests:
    def __init__(self, database: Database, store: Store, events: RegistryEvents, settings: RegistrySettings) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._settings = settings

    async def get(self, call: Call) -> web.Response:
        """GET and HEAD. A HEAD's 404 has no body: one cannot tell from it what is missing."""
        manifest = self._readable(call)
        if not accepts(call.request.headers.getall("Accept", []), manifest.media_type):
            raise unknown(call)  # ACR answers 404 to an Accept that leaves the stored type out (Azure/acr issue 741)
        headers = {"Content-Type": manifest.media_type, "Docker-Content-Digest": manifest.digest, "ETag": f'"{manifest.digest}"'}
        return web.Response(body=manifest.content, headers=headers)

    async def put(self, call: Call) -> web.Response:
        content = await call.request.read()
        manifest = self._parsed(call, content)
        tag = self._tag_to_move(call, manifest)
        if missing := self._store.missing(call.name, manifest):
            message = "manifest references a manifest or blob unknown to registry"
            raise RegistryRefusal(400, "MANIFEST_BLOB_UNKNOWN", message, [{"digest": digest} for digest in missing[:20]])
        with self._database.transaction():
            self._require_writable(call, tag, manifest)
            if not self._store.has_manifest(call.name, manifest.digest):
                self._store.quarantine.pushed(call.name, manifest.digest)
            self._store.put_manifest(call.name, manifest)
            if tag is not None:
                self._store.put_tag(call.name, tag, manifest.digest)
            if not self._store.quarantine.hides(call.name, manifest.digest):  # told when it has passed
                self._events.pushed(call.name, manifest, tag, call.cause)
        headers = {"Location": f"/v2/{call.name}/manifests/{manifest.digest}", "Docker-Content-Digest": manifest.digest}
        if manifest.subject is not None and self._settings.now.referrers_api:
            headers["OCI-Subject"] = manifest.subject  # distribution-spec, "Pushing Manifests with Subject"
        return web.Response(status=201, headers=headers)

    async def delete(self, call: Call) -> web.Response:
        """202, by digest alone: Azure untags by `/acr/v1/{name}/_tags/{tag}`."""
        if not is_digest(call.reference):
            raise RegistryRefusal(400, "UNSUPPORTED", "manifests are deleted by digest")
        with self._database.transaction():
            manifest = _found(self._store, call)
            require(call, self._store.locks.over(call.name, "manifest", manifest.digest).deletable)
            gone = self._store.delete_manifest(call.name, manifest.digest)
            self._events.deleted(call.name, gone, call.cause)
        return web.Response(status=202, headers={"Docker-Content-Digest": manifest.digest})

    async def referrers(self, call: Call) -> web.Response:
        """distribution-spec, "Listing Referrers": an index, empty if there are none; never a 404, unless a customer's key encrypts the
        registry: then there is no such API, and clients keep an index under a tag instead (acr.md 5 [D])."""
        if not self._settings.now.referrers_api:
            raise RegistryRefusal(404, "NOT_FOUND", "the referrers API is not supported by this registry")
        wanted = call.request.query.get("artifactType")
        stored = self._store.at(call.as_of).referrers(call.name, call.digest)
        descriptors = [Manifest.parse(one.content, one.media_type, algorithm_of(one.digest)).descriptor() for one in stored]
        if wanted:
            descriptors = [one for one in descriptors if one.get("artifactType") == wanted]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}
        applied = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
        return json_answer(index, headers={"Content-Type": OCI_INDEX, **applied})

    def _readable(self, call: Call) -> StoredManifest:
        """Neither the repository nor the tag that it is asked for by nor the manifest may say no."""
        manifest, locks = _found(self._store.at(call.as_of), call), self._store.locks
        if self._store.quarantine.hides(call.name, manifest.digest):
            require(call, not is_digest(call.reference))  # its digest is disallowed, and its tag is as if it were not there
            raise unknown(call)
        may = locks.over(call.name, "manifest", manifest.digest)
        require(call, may.read_enabled and (is_digest(call.reference) or locks.of(call.name, "tag", call.reference).read_enabled))
        return manifest

    def _require_writable(self, call: Call, tag: str | None, manifest: Manifest) -> None:
        """A locked tag stays where it is; what a push leaves as it is, it may do. What is soft-deleted is to be restored (acr.md 5)."""
        locks = self._store.locks
        require(call, locks.of(call.name).write_enabled and not self._store.trash.holds(call.name, manifest.digest))
        held = None if tag is None else self._store.tag(call.name, tag)
        require(call, held is None or held.digest == manifest.digest or locks.of(call.name, "tag", held.name).write_enabled)

    def _parsed(self, call: Call, content: bytes) -> Manifest:
        media_type = call.request.headers.get("Content-Type", "").partition(";")[0].strip()
        algorithm = algorithm_of(call.digest) if ":" in call.reference else "sha256"
        try:
            manifest = Manifest.parse(content, media_type or None, algorithm)
        except InvalidManifest as invalid:
            raise RegistryRefusal(400, "MANIFEST_INVALID", f"manifest invalid: {invalid}") from None
        if call.unknowns.sha512 == "refused" and not manifest.is_canonical:
            raise RegistryRefusal(400, "MANIFEST_INVALID", "manifest invalid: a digest in it is not a sha256 digest")
        return manifest

    def _tag_to_move(self, call: Call, manifest: Manifest) -> str | None:
        if ":" not in call.reference:
            if not is_tag(call.reference):
                raise RegistryRefusal(400, "TAG_INVALID", "manifest tag did not match the grammar", {"tag": call.reference[:200]})
            return call.reference
        if call.digest != manifest.digest:
            detail = {"digest": call.reference, "computed": manifest.digest}
            raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content", detail)
        return None


def _found(view: View, call: Call) -> StoredManifest:
    digest: str | None = call.reference
    if not is_digest(call.reference):
        tag = view.tag(call.name, call.reference)
        digest = None if tag is None else tag.digest
    manifest = None if digest is None else view.manifest(call.name, digest)
    if manifest is None:
        raise unknown(call) if view.has_repository(call.name) else unknown_name(call)
    return manifest


def accepts(headers: list[str], media_type: str) -> bool:
    """No Accept at all accepts everything (RFC 9110, 12.5.1). Weights are not weighed: nothing here has two forms."""
    ranges = {one.partition(";")[0].strip().lower() for header in headers for one in header.split(",")} - {""}
    return not ranges or bool(ranges & {media_type, "application/*", "*/*"})


def unknown(call: Call) -> RegistryRefusal:
    name = f"manifest {call.reference[:200]}" if is_digest(call.reference) else f'manifest tagged by "{call.reference[:200]}"'
    return RegistryRefusal(404, "MANIFEST_UNKNOWN", f"{name} is not found", {"name": call.name})


def unknown_name(call: Call) -> RegistryRefusal:
    return RegistryRefusal(404, "NAME_UNKNOWN", f'repository "{call.name}" is not found', {"name": call.name})
