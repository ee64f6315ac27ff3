"""Which path is which call, and what right it needs. A repository's name holds slashes, so paths are matched whole and decoded once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import web

from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.identities.rights import Right
from devkit.cloud.names import NAME_LENGTH, is_name
from devkit.cloud.registry.access import Need
from devkit.cloud.registry.attributes import Attributes
from devkit.cloud.registry.auth import RegistryAuth
from devkit.cloud.registry.blobs import Blobs
from devkit.cloud.registry.calls import Call, Handler
from devkit.cloud.registry.listing import Listing
from devkit.cloud.registry.manifests import Manifests
from devkit.cloud.registry.uploads import Uploads
from devkit.cloud.unknowns import Switches


@dataclass(frozen=True, slots=True)
class Route:
    methods: str
    path: re.Pattern[str]
    right: Right | None  # None: anybody known
    handler: Handler


REFERRERS = "/v2/NAME/referrers/REFERENCE"


def pattern(path: str) -> re.Pattern[str]:
    """Of a whole path, decoded."""
    return re.compile(path.replace("NAME", "(?P<name>.+)").replace("REFERENCE", "(?P<reference>[^/]+)"), re.DOTALL)


def _route(methods: str, path: str, right: Right | None, handler: Handler) -> Route:
    return Route(methods, pattern(path), right, handler)


def routes(listing: Listing, manifests: Manifests, blobs: Blobs, uploads: Uploads, attributes: Attributes) -> Sequence[Route]:
    """The first that fits answers."""
    read, push, delete, catalog = Right.PULL, Right.PUSH, Right.DELETE, Right.CATALOG
    metadata, change = Right.METADATA_READ, Right.METADATA_WRITE
    return (
        _route("GET HEAD", "/v2/?", None, listing.ping),
        _route("GET", "(/v2|/acr/v1)/_catalog", catalog, listing.catalog),
        _route("GET", "/v2/NAME/tags/list", metadata, listing.tags),
        _route("GET", REFERRERS, read, manifests.referrers),
        _route("GET HEAD", "/v2/NAME/manifests/REFERENCE", read, manifests.get),
        _route("PUT", "/v2/NAME/manifests/REFERENCE", push, manifests.put),
        _route("DELETE", "/v2/NAME/manifests/REFERENCE", delete, manifests.delete),
        _route("POST", "/v2/NAME/blobs/uploads/?", push, uploads.begin),
        _route("PATCH", "/v2/NAME/blobs/uploads/REFERENCE", push, uploads.append),
        _route("PUT", "/v2/NAME/blobs/uploads/REFERENCE", push, uploads.finish),
        _route("GET", "/v2/NAME/blobs/uploads/REFERENCE", push, uploads.status),
        _route("DELETE", "/v2/NAME/blobs/uploads/REFERENCE", push, uploads.cancel),
        _route("GET HEAD", "/v2/NAME/blobs/REFERENCE", read, blobs.get),
        _route("DELETE", "/v2/NAME/blobs/REFERENCE", delete, blobs.delete),
        _route("GET", "/acr/v1/NAME/_tags", metadata, attributes.tags),
        _route("GET", "/acr/v1/NAME/_tags/REFERENCE", metadata, attributes.tag),
        _route("DELETE", "/acr/v1/NAME/_tags/REFERENCE", Right.UNTAG, attributes.untag),
        _route("PATCH", "/acr/v1/NAME/_tags/REFERENCE", change, attributes.change_tag),
        _route("GET", "/acr/v1/NAME/_manifests", metadata, attributes.manifests),
        _route("GET", "/acr/v1/NAME/_manifests/REFERENCE", metadata, attributes.manifest),
        _route("PATCH", "/acr/v1/NAME/_manifests/REFERENCE", change, attributes.change_manifest),
        _route("GET", "/acr/v1/NAME", metadata, attributes.repository),
        _route("PATCH", "/acr/v1/NAME", change, attributes.change_repository),
        _route("DELETE", "/acr/v1/NAME", delete, attributes.delete_repository),
    )


class Dispatcher:
    def __init__(self, auth: RegistryAuth, table: Sequence[Route], unknowns: Switches) -> None:
        self._auth = auth
        self._table = table
        self._unknowns = unknowns

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.rel_url.raw_path)
        fitting = [(route, match) for route in self._table if (match := route.path.fullmatch(path))]
        if not fitting:
            raise RegistryRefusal(404, "NOT_FOUND", "no such API: /v2/ and /acr/v1/ are served here")
        found = next(((route, match) for route, match in fitting if request.method in route.methods.split()), None)
        if found is None:
            allowed = ", ".join(sorted({method for route, _ in fitting for method in route.methods.split()}))
            raise RegistryRefusal(405, "UNSUPPORTED", "the operation is unsupported", headers={"Allow": allowed})
        route, match = found
        parts = match.groupdict("")
        name = parts.get("name", "")
        if "name" in parts and not is_name(name):  # before anybody is asked who he is: a challenge would repeat the name
            raise RegistryRefusal(400, "NAME_INVALID", "invalid repository name", {"name": name[:NAME_LENGTH]})
        right = route.right
        if right is Right.UNTAG and self._unknowns.now.untag_right == "metadata_write":  # acr.md 5 [?]: so says the CLI's documentation
            right = Right.METADATA_WRITE
        self._auth.require(request, None if right is None else Need(right, name))
        return await route.handler(Call(request, path, name, parts.get("reference", ""), self._unknowns.now))
