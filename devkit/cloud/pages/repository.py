"""The page of a repository: its tags, and its manifests."""

from collections.abc import Sequence

from aiohttp import web

from devkit.cloud.pages.frame import Page, page_of
from devkit.cloud.pages.markup import Html, element, joined, table
from devkit.cloud.pages.platforms import platforms
from devkit.cloud.pages.show import manifest_link, moment, size
from devkit.cloud.parts import Parts

TAGS_SHOWN = 5  # beside a manifest


def repository(parts: Parts, request: web.Request) -> Page:
    """Raises 404."""
    name, store = request.match_info["name"], parts.store
    if not store.has_repository(name):
        raise web.HTTPNotFound(reason="there is no such repository")
    tags, more_tags = page_of(request, "tags", lambda last, count: store.tags(name, last, count), lambda tag: tag.name)
    found, more = page_of(request, "manifests", lambda last, count: store.manifests(name, last, count), lambda one: one.digest)
    of_tags = [[tag.name, manifest_link(name, tag.digest), moment(tag.created), moment(tag.updated)] for tag in tags]
    of_manifests = [
        [
            manifest_link(name, one.digest),
            one.media_type,
            platforms(one, parts.files),
            size(one.image_size),
            tag_names([tag.name for tag in store.tags(name, count=TAGS_SHOWN + 1, digest=one.digest)]),
            moment(one.created),
        ]
        for one in found
    ]
    return Page(
        name,
        [
            table("Tags", ["tag", "digest", "created", "moved"], of_tags, more=more_tags),
            table("Manifests", ["digest", "media type", "platform", "size", "tags", "created"], of_manifests, more=more),
        ],
    )


def tag_names(names: Sequence[str]) -> Html:
    if not names:
        return element("span", "untagged", class_="dim")
    return joined([*names[:TAGS_SHOWN], *(["…"] if len(names) > TAGS_SHOWN else [])], ", ")
