"""A manifest's bytes, and what they refer to. Source: OCI image-spec, manifest.md and image-index.md, and Docker's schema 2."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.names import is_canonical, is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MEDIA_TYPES = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST)
LIMIT = 4 * 1024 * 1024  # distribution-spec, "Pushing Manifests": what every registry should take; ACR's documented maximum
LARGEST_SUM = 2**63 - 1  # of sizes: image-spec, descriptor.md has each an int64, and so has SQLite


class InvalidManifest(Exception):
    """Says what is wrong."""


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Manifest:
    media_type: str
    content: bytes
    digest: str
    blobs: tuple[str, ...]  # config and layers; not those with `urls`, which stay where they are (image-spec, "Non-Distributable Layers")
    foreign: tuple[str, ...]  # those with `urls`
    children: tuple[str, ...]  # of an index, in its order
    subject: str | None
    artifact_type: str | None  # distribution-spec, "Listing Referrers": artifactType, else the config's media type
    annotations: Mapping[str, str] | None
    image_size: int  # of everything it lists, as ACR's attributes count it

    @classmethod
    def parse(cls, content: bytes, media_type: str | None, algorithm: str = "sha256") -> Self:
        """`media_type` is the Content-Type, which has the last word only if the manifest says nothing else. `algorithm` is that of its own
        digest. Raises `InvalidManifest`."""
        value = _object(content)
        named = value.get("mediaType")
        media_type = media_type or named
        if media_type not in MEDIA_TYPES:
            raise InvalidManifest(f"media type {str(media_type)[:100]!r} is not one of {', '.join(MEDIA_TYPES)}")
        if named is not None and named != media_type:
            raise InvalidManifest("mediaType and the Content-Type differ")
        if value.get("schemaVersion") != 2:
            raise InvalidManifest("schemaVersion must be 2")
        index = media_type in {OCI_INDEX, DOCKER_LIST}
        listed = _descriptors(value, "manifests") if index else [_descriptor(value.get("config"), "config"), *_descriptors(value, "layers")]
        subject = None if value.get("subject") is None else str(_descriptor(value["subject"], "subject")["digest"])
        config_type = None if index else listed[0].get("mediaType")
        image_size = sum(one["size"] for one in listed)
        if image_size > LARGEST_SUM:
            raise InvalidManifest("the sizes of what it lists add up to more than 64 bits hold")
        return cls(
            media_type=media_type,
            content=content,
            digest=digest_of(content, algorithm),
            blobs=() if index else _digests(one for one in listed if not one.get("urls")),
            foreign=() if index else _digests(one for one in listed if one.get("urls")),
            children=_digests(listed) if index else (),
            subject=subject,
            artifact_type=value.get("artifactType") or config_type,
            annotations=value.get("annotations"),
            image_size=image_size,
        )

    @property
    def is_canonical(self) -> bool:
        """That every digest in it is a sha256 digest."""
        return all(is_canonical(digest) for digest in (*self.blobs, *self.foreign, *self.children, *filter(None, [self.subject])))

    def descriptor(self) -> dict[str, Any]:
        """How a list of referrers names it (distribution-spec, "Listing Referrers")."""
        optional = {"artifactType": self.artifact_type, "annotations": self.annotations}
        named = {name: value for name, value in optional.items() if value}
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **named}


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content.decode())  # UTF-8 alone: loads would take UTF-16 as well
    except (ValueError, RecursionError):
        raise InvalidManifest("not JSON") from None
    if not isinstance(value, dict):
        raise InvalidManifest("not a JSON object")
    annotations = value.get("annotations", {})
    if not isinstance(annotations, dict) or not all(isinstance(one, str) for one in annotations.values()):
        raise InvalidManifest("annotations must be an object of texts")
    if not isinstance(value.get("artifactType", ""), str):
        raise InvalidManifest("artifactType must be a text")
    if "manifests" in value and ("config" in value or "layers" in value):  # image-spec, image-index.md: CVE-2021-41190
        raise InvalidManifest("it is an index or an image, not both")
    return value


def _descriptors(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = value.get(name)
    if not isinstance(listed, list):
        raise InvalidManifest(f"{name} must be a list")
    return [_descriptor(one, name) for one in listed]


def _descriptor(value: Any, name: str) -> dict[str, Any]:
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("mediaType"), str)
        or not is_digest(str(value.get("digest")))
        or not _is_size(value.get("size"))
    ):
        raise InvalidManifest(f"{name} must hold descriptors with a media type, a digest and a size")
    return value


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


def _digests(descriptors: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(one["digest"]) for one in descriptors))
