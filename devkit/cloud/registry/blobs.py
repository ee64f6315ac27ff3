"""Blobs by digest, as their repository may serve them. Source: distribution-spec, "Pulling blobs", "Deleting Blobs"."""

from aiohttp import web

from devkit.cloud.blobfiles import BlobFiles
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.registry.calls import Call, require
from devkit.cloud.store import Store


class Blobs:
    def __init__(self, store: Store, files: BlobFiles) -> None:
        self._store = store
        self._files = files

    async def get(self, call: Call) -> web.StreamResponse:
        """GET and HEAD, ranges too. Real ACR may send the reader on to its data endpoint (307); this one has none."""
        if not self._store.has_blob(call.name, call.digest) or self._files.size(call.digest) is None:
            raise unknown_blob(call.digest)
        require(call, self._store.locks.of(call.name).read_enabled)
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": call.digest}
        return web.FileResponse(self._files.path(call.digest), chunk_size=256 * 1024, headers=headers)

    async def delete(self, call: Call) -> web.Response:
        require(call, self._store.locks.of(call.name).deletable)
        if not self._store.unlink_blob(call.name, call.digest):
            raise unknown_blob(call.digest)
        return web.Response(status=202, headers={"Docker-Content-Digest": call.digest})


def unknown_blob(digest: str) -> RegistryRefusal:
    return RegistryRefusal(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})
