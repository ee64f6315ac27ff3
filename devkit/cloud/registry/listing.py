"""The lists of the distribution API. Source: distribution-spec, "Listing Tags"; docs.docker.com registry API, "Catalog"."""

from aiohttp import web

from devkit.cloud.content.store import Store
from devkit.cloud.registry import lists
from devkit.cloud.registry.calls import Call, Page, json_answer
from devkit.cloud.registry.manifests import unknown_name


class Listing:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def ping(self, _: Call) -> web.Response:
        return json_answer({})

    async def tags(self, call: Call) -> web.Response:
        view = self._store.at(call.as_of)
        if not view.has_repository(call.name):
            raise unknown_name(call)
        page = Page.of(call)
        tags, headers = page.take(call, lists.tags(view, call.name, page), lambda tag: tag.name)
        return json_answer({"name": call.name, "tags": [tag.name for tag in tags]}, headers=headers)

    async def catalog(self, call: Call) -> web.Response:
        """`/v2/_catalog` and `/acr/v1/_catalog` alike."""
        page = Page.of(call)
        names, headers = page.take(call, lists.repositories(self._store.at(call.as_of), page), str)
        return json_answer({"repositories": list(names)}, headers=headers)
