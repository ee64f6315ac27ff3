"""ACR's own API beside the distribution API: attributes of repositories, manifests and tags; untagging; deleting a repository.

Source: Azure REST API specs, containerregistry data-plane, api-version 2021-07-01. Locks are not played: everything is changeable."""

from typing import Any

from aiohttp import web

from devkit.cloud.database import Database
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.registry.calls import Call, Page, json_answer
from devkit.cloud.registry.manifests import unknown, unknown_name
from devkit.cloud.store import Store
from devkit.cloud.view import StoredManifest, StoredTag, View

CHANGEABLE = {"deleteEnabled": True, "writeEnabled": True, "listEnabled": True, "readEnabled": True}


class Attributes:
    def __init__(self, login_server: str, database: Database, store: Store, events: RegistryEvents) -> None:
        self._login_server = login_server
        self._database = database
        self._store = store
        self._events = events

    async def repository(self, call: Call) -> web.Response:
        view = self._view(call)
        manifests, tags = view.manifests(call.name), view.tags(call.name)
        times = {"createdTime": min(one.created for one in manifests), "lastUpdateTime": max(one.updated for one in manifests)}
        counts = {"manifestCount": len(manifests), "tagCount": len(tags)}
        return json_answer({**self._named(call), **times, **counts, "changeableAttributes": CHANGEABLE})

    async def delete_repository(self, call: Call) -> web.Response:
        with self._database.transaction():
            _require_known(call, self._store)
            digests, tags = self._store.delete_repository(call.name)
            self._events.repository_deleted(call.name, digests, call.cause)
        return json_answer({"manifestsDeleted": digests, "tagsDeleted": tags}, status=202)

    async def manifests(self, call: Call) -> web.Response:
        page, view = Page.of(call), self._view(call)
        found = view.manifests(call.name, page.last, page.count + 1)
        taken, headers = page.take(call, found, lambda manifest: manifest.digest)
        return json_answer({**self._named(call), "manifests": [_manifest(view, call.name, one) for one in taken]}, headers=headers)

    async def manifest(self, call: Call) -> web.Response:
        view = self._view(call)
        found = view.manifest(call.name, call.digest)
        if found is None:
            raise unknown(call)
        return json_answer({**self._named(call), "manifest": _manifest(view, call.name, found)})

    async def tags(self, call: Call) -> web.Response:
        page, digest = Page.of(call), call.request.query.get("digest") or None
        found = self._view(call).tags(call.name, page.last, page.count + 1, digest)
        taken, headers = page.take(call, found, lambda tag: tag.name)
        return json_answer({**self._named(call), "tags": [_tag(one) for one in taken]}, headers=headers)

    async def tag(self, call: Call) -> web.Response:
        found = self._view(call).tag(call.name, call.reference)
        if found is None:
            raise unknown_tag(call)
        return json_answer({**self._named(call), "tag": _tag(found)})

    async def untag(self, call: Call) -> web.Response:
        """202; the manifest stays and no event tells (docs: container-registry-delete, container-registry-webhook-reference)."""
        _require_known(call, self._store)
        if not self._store.untag(call.name, call.reference):
            raise unknown_tag(call)
        return web.Response(status=202)

    def _view(self, call: Call) -> View:
        """Where the repository is to be found."""
        view = self._store.at(call.as_of)
        _require_known(call, view)
        return view

    def _named(self, call: Call) -> dict[str, str]:
        return {"registry": self._login_server, "imageName": call.name}


def _manifest(view: View, repository: str, one: StoredManifest) -> dict[str, Any]:
    """`tags` is absent, not empty, when there are none."""
    tags = [tag.name for tag in view.tags(repository, digest=one.digest)]
    attributes = {
        "digest": one.digest,
        "imageSize": one.image_size,
        "createdTime": one.created,
        "lastUpdateTime": one.updated,
        "mediaType": one.media_type,
        "changeableAttributes": CHANGEABLE,
    }
    return attributes | ({"tags": tags} if tags else {})


def _tag(one: StoredTag) -> dict[str, Any]:
    times = {"createdTime": one.created, "lastUpdateTime": one.updated}
    return {"name": one.name, "digest": one.digest, **times, "signed": False, "changeableAttributes": CHANGEABLE}


def _require_known(call: Call, view: View) -> None:
    if not view.has_repository(call.name):
        raise unknown_name(call)


def unknown_tag(call: Call) -> RegistryRefusal:
    return RegistryRefusal(404, "TAG_UNKNOWN", f'the specified tag "{call.reference[:200]}" does not exist', {"name": call.name})
