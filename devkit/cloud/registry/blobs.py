"""Blobs by digest, as their repository may serve them. Source: distribution-spec, "Pulling blobs", "Deleting Blobs"."""

from aiohttp import web

from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.content.store import Store
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.registry.calls import Call, require
from devkit.cloud.registry.dataendpoint import DataEndpoint


class Blobs:
    def __init__(self, store: Store, files: BlobFiles, data: DataEndpoint) -> None:
        self._store = store
        self._files = files
        self._data = data

    async def get(self, call: Call) -> web.StreamResponse:
        """GET and HEAD, ranges too. Who wants the bytes may be sent on to the data endpoint (acr.md 5 [?])."""
        if not self._store.has_blob(call.name, call.digest) or self._files.size(call.digest) is None:
            raise unknown_blob(call.digest)
        require(call, self._store.locks.of(call.name).read_enabled)
        if call.unknowns.blob_redirect == "data_endpoint" and call.request.method == "GET":
            return self._sent_on(call.digest)
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": call.digest}
        return web.FileResponse(self._files.path(call.digest), chunk_size=256 * 1024, headers=headers)

    def _sent_on(self, digest: str) -> web.Response:
        url = self._data.url(digest)
        if url is None:
            raise RegistryRefusal(500, "UNKNOWN", "blobRedirect is data_endpoint, but the cloud's settings have no port data: give it one")
        return web.Response(status=307, headers={"Location": url, "Docker-Content-Digest": digest})

    async def delete(self, call: Call) -> web.Response:
        require(call, self._store.locks.of(call.name).deletable)
        if not self._store.unlink_blob(call.name, call.digest):
            raise unknown_blob(call.digest)
        return web.Response(status=202, headers={"Docker-Content-Digest": call.digest})


def unknown_blob(digest: str) -> RegistryRefusal:
    return RegistryRefusal(404, "BLOB_UNKNOWN", "blob unknown to registry", {"digest": digest})
