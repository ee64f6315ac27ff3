"""ACR's own API beside the distribution API: attributes of repositories, manifests and tags; untagging; deleting a repository.

Source: Azure REST API specs, containerregistry data-plane, api-version 2021-07-01; acr.md 5."""

import json
from typing import Any

from aiohttp import web

from devkit.cloud.config.reading import choice
from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.content.locks import Kind
from devkit.cloud.content.manifest import Manifest
from devkit.cloud.content.quarantine import STATES, State
from devkit.cloud.content.store import Store
from devkit.cloud.content.view import StoredManifest, StoredTag, View
from devkit.cloud.database import Database
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.eventgrid.events import RegistryEvents
from devkit.cloud.names import algorithm_of
from devkit.cloud.registry import lists
from devkit.cloud.registry.calls import Call, Page, json_answer, require
from devkit.cloud.registry.descriptions import Descriptions
from devkit.cloud.registry.manifests import unknown, unknown_name


class Attributes:
    def __init__(self, login_server: str, database: Database, store: Store, files: BlobFiles, events: RegistryEvents) -> None:
        self._login_server = login_server
        self._database = database
        self._store = store
        self._events = events
        self._described = Descriptions(files).of

    async def repository(self, call: Call) -> web.Response:
        view = self._view(call)
        (created, updated), (manifests, tags, _) = view.span(call.name), view.counts(call.name)
        times = {"createdTime": created, "lastUpdateTime": updated}
        counts = {"manifestCount": manifests, "tagCount": tags}
        changeable = self._store.locks.of(call.name).to_json()
        return json_answer({**self._named(call), **times, **counts, "changeableAttributes": changeable})

    async def change_repository(self, call: Call) -> web.Response:
        await self._change(call, "repository", "")
        return await self.repository(call)

    async def change_manifest(self, call: Call) -> web.Response:
        await self._change(call, "manifest", call.digest)
        return await self.manifest(call)

    async def change_tag(self, call: Call) -> web.Response:
        await self._change(call, "tag", call.reference)
        return await self.tag(call)

    async def delete_repository(self, call: Call) -> web.Response:
        with self._database.transaction():
            _require_known(call, self._store)
            require(call, not self._store.locks.hold(call.name))
            digests, tags = self._store.delete_repository(call.name)
            self._events.repository_deleted(call.name, digests, call.cause)
        return json_answer({"manifestsDeleted": digests, "tagsDeleted": tags}, status=202)

    async def manifests(self, call: Call) -> web.Response:
        page, view = Page.of(call), self._view(call)
        taken, headers = page.take(call, lists.manifests(view, call.name, page), lambda manifest: manifest.digest)
        return json_answer({**self._named(call), "manifests": [self._manifest(view, call.name, one) for one in taken]}, headers=headers)

    async def manifest(self, call: Call) -> web.Response:
        view = self._view(call)
        found = view.manifest(call.name, call.digest)
        if found is None:
            raise unknown(call)
        return json_answer({**self._named(call), "manifest": self._manifest(view, call.name, found)})

    async def tags(self, call: Call) -> web.Response:
        page, digest = Page.of(call), call.request.query.get("digest") or None
        found = lists.tags(self._view(call), call.name, page, digest)
        taken, headers = page.take(call, found, lambda tag: tag.name)
        return json_answer({**self._named(call), "tags": [self._tag(call.name, one) for one in taken]}, headers=headers)

    async def tag(self, call: Call) -> web.Response:
        found = self._view(call).tag(call.name, call.reference)
        if found is None:
            raise unknown_tag(call)
        return json_answer({**self._named(call), "tag": self._tag(call.name, found)})

    async def untag(self, call: Call) -> web.Response:
        """202; the manifest stays and no event tells (docs: container-registry-delete, container-registry-webhook-reference)."""
        with self._database.transaction():
            _require_known(call, self._store)
            require(call, self._store.locks.over(call.name, "tag", call.reference).deletable)
            if not self._store.untag(call.name, call.reference):
                raise unknown_tag(call)
        return web.Response(status=202)

    def _view(self, call: Call) -> View:
        """Where the repository is to be found."""
        view = self._store.at(call.as_of)
        _require_known(call, view)
        return view

    async def _change(self, call: Call, kind: Kind, name: str) -> None:
        """A PATCH of attributes. Whatever is locked, this is allowed: it is how a lock is opened."""
        content = await call.request.read()
        with self._database.transaction():  # what is not there has no lock, and may have gone while the body came
            self._require_there(call, kind)
            try:
                value = json.loads(content)
                changed = self._store.locks.of(call.name, kind, name).changed(value)
                state = choice(value, "quarantineState", STATES) if kind == "manifest" and value.get("quarantineState") else None
            except (ValueError, RecursionError):
                message = "the body must be an object of deleteEnabled, writeEnabled, listEnabled, readEnabled: true or false"
                raise RegistryRefusal(400, "UNSUPPORTED", message) from None
            self._store.locks.set(changed, call.name, kind, name)
            if state is not None:
                self._set_quarantine(call, name, state)

    def _require_there(self, call: Call, kind: Kind) -> None:
        _require_known(call, self._store)
        if kind == "manifest" and not self._store.has_manifest(call.name, call.digest):
            raise unknown(call)
        if kind == "tag" and self._store.tag(call.name, call.reference) is None:
            raise unknown_tag(call)

    def _set_quarantine(self, call: Call, digest: str, state: State) -> None:
        """Once it has passed, the push is told of: each tag that it has by then, or none."""
        hidden = self._store.quarantine.hides(call.name, digest)
        self._store.quarantine.set(call.name, digest, state)
        stored = self._store.manifest(call.name, digest)
        if stored is None or not hidden or self._store.quarantine.hides(call.name, digest):
            return
        manifest = Manifest.parse(stored.content, stored.media_type, algorithm_of(digest))
        tags: list[str | None] = [tag.name for tag in self._store.tags(call.name, digest=digest)]
        for tag in tags or [None]:
            self._events.pushed(call.name, manifest, tag, call.cause)

    def _manifest(self, view: View, repository: str, one: StoredManifest) -> dict[str, Any]:
        """`tags` and `references` are absent, not empty, when there are none; so is what its config does not say."""
        tags = [tag.name for tag in view.tags(repository, digest=one.digest)]
        changeable, state = (
            self._store.locks.of(repository, "manifest", one.digest).to_json(),
            self._store.quarantine.state(repository, one.digest),
        )
        attributes = {
            "digest": one.digest,
            "imageSize": one.image_size,
            "createdTime": one.created,
            "lastUpdateTime": one.updated,
            "mediaType": one.media_type,
            "changeableAttributes": changeable | ({"quarantineState": state} if state else {}),
            **self._described(one.content),
        }
        return attributes | ({"tags": tags} if tags else {})

    def _tag(self, repository: str, one: StoredTag) -> dict[str, Any]:
        times = {"createdTime": one.created, "lastUpdateTime": one.updated}
        changeable = self._store.locks.of(repository, "tag", one.name).to_json()
        return {"name": one.name, "digest": one.digest, **times, "signed": False, "changeableAttributes": changeable}

    def _named(self, call: Call) -> dict[str, str]:
        return {"registry": self._login_server, "imageName": call.name}


def _require_known(call: Call, view: View) -> None:
    if not view.has_repository(call.name):
        raise unknown_name(call)


def unknown_tag(call: Call) -> RegistryRefusal:
    return RegistryRefusal(404, "TAG_UNKNOWN", f'the specified tag "{call.reference[:200]}" does not exist', {"name": call.name})
