"""The page of a manifest: what it says, what it refers to, what refers to it."""

import json
from typing import Any

from aiohttp import web

from devkit.cloud.names import is_digest
from devkit.cloud.pages.frame import Page
from devkit.cloud.pages.markup import Html, element, facts, table
from devkit.cloud.pages.platforms import platforms
from devkit.cloud.pages.repository import TAGS_SHOWN, tag_names
from devkit.cloud.pages.show import manifest_link, moment, platform, repository_link, short, size
from devkit.cloud.parts import Parts

SHOWN = 200_000  # characters of its text


def manifest(parts: Parts, request: web.Request) -> Page:
    """Raises 404."""
    repository, digest, store = request.match_info["name"], request.match_info["digest"], parts.store
    found = store.manifest(repository, digest) if is_digest(digest) else None
    if found is None:
        raise web.HTTPNotFound(reason="there is no such manifest")
    value = json.loads(found.content)
    subject = value.get("subject")
    about = [
        ("repository", repository_link(repository)),
        ("digest", element("code", digest)),
        ("media type", found.media_type),
        ("artifact type", value.get("artifactType")),
        ("platform", platforms(found, parts.files) or None),
        ("size", f"{size(found.image_size)}, and {size(len(found.content))} of manifest"),
        ("created", moment(found.created)),
        ("tags", tag_names([tag.name for tag in store.tags(repository, count=TAGS_SHOWN + 1, digest=digest)])),
        ("subject", _manifest_of(parts, repository, subject["digest"]) if isinstance(subject, dict) else None),
    ]
    sections = [_children(parts, repository, value), _blobs(parts, repository, value), _referrers(parts, repository, digest)]
    notes = value.get("annotations") or {}
    if notes:
        sections.append(table("Annotations", ["name", "value"], list(notes.items())))
    text = json.dumps(value, indent=2, ensure_ascii=False)
    cut = f"\n… {len(text) - SHOWN} characters more" if len(text) > SHOWN else ""
    written = element("section", element("h2", "Text"), element("pre", text[:SHOWN] + cut))
    return Page(f"{repository}@{digest[:19]}", [facts(about), *filter(None, sections), written])


def _children(parts: Parts, repository: str, value: dict[str, Any]) -> Html | None:
    listed = value.get("manifests")
    if not isinstance(listed, list):
        return None
    rows = [
        [
            _manifest_of(parts, repository, one["digest"]),
            one.get("mediaType", ""),
            platform(one.get("platform")) or "",
            size(one["size"]),
        ]
        for one in listed
    ]
    return table("Manifests of this index", ["digest", "media type", "platform", "size"], rows)


def _blobs(parts: Parts, repository: str, value: dict[str, Any]) -> Html | None:
    if not isinstance(value.get("layers"), list):
        return None
    listed = [("config", value["config"]), *(("layer", layer) for layer in value["layers"])]
    rows = [
        [what, short(one["digest"]), one.get("mediaType", ""), size(one["size"]), _place(parts, repository, one)] for what, one in listed
    ]
    return table("Blobs", ["", "digest", "media type", "size", ""], rows)


def _referrers(parts: Parts, repository: str, digest: str) -> Html | None:
    found = parts.store.referrers(repository, digest)
    rows = [
        [manifest_link(repository, one.digest), json.loads(one.content).get("artifactType", ""), one.media_type, moment(one.created)]
        for one in found
    ]
    return table("Referrers", ["digest", "artifact type", "media type", "created"], rows) if rows else None


def _manifest_of(parts: Parts, repository: str, digest: str) -> Html:
    if parts.store.has_manifest(repository, digest):
        return manifest_link(repository, digest)
    return element("span", short(digest), " ", _absent())


def _place(parts: Parts, repository: str, described: dict[str, Any]) -> object:
    """A layer with URLs is not to be distributed, and stays where they say (image-spec, "Non-Distributable Layers")."""
    if parts.store.has_blob(repository, described["digest"]):
        return ""
    return element("span", "kept elsewhere", class_="dim") if described.get("urls") else _absent()


def _absent() -> Html:
    return element("span", "not held", class_="bad")
