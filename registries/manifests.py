"""Manifests: the bytes that a digest names, what an index lists, and whether a manifest belongs to another.

Source: OCI image-spec, image-index.md and manifest.md ("subject"); Docker, "Image Manifest Version 2, Schema 2"."""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Self

from replication.references import Digest, InvalidReference

INDEX_MEDIA_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
# A registry answers 404 for what the Accept header leaves out, so it lists everything (Azure/acr issue 741).
ACCEPT = ", ".join(
    (
        *INDEX_MEDIA_TYPES,
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.cncf.oras.artifact.manifest.v1+json",
        "*/*",
    )
)
MOST_KEPT = 16 * 1024 * 1024  # bytes; four of the largest that a registry takes


@dataclass(frozen=True, slots=True)
class Manifest:
    """`digest` is that of `content`. `children`: what an index lists, in its order, each once; `indexes`: those of them that are indexes
    again, or may be, since their descriptor does not tell. `referrer`: it names a subject, so it arrives for its own sake, whatever brings
    the subject."""

    digest: Digest
    content: bytes
    media_type: str
    children: tuple[Digest, ...] = ()
    indexes: tuple[Digest, ...] = ()
    referrer: bool = False

    @property
    def index(self) -> bool:
        return self.media_type in INDEX_MEDIA_TYPES

    @classmethod
    def parse(cls, content: bytes, media_type: str) -> Self:
        """Raises `InvalidReference` for an index that does not list sha256 digests."""
        digest = Digest(hashlib.sha256(content).hexdigest())
        value = _decoded(content)
        referrer = isinstance(value, dict) and isinstance(value.get("subject"), dict)
        if media_type not in INDEX_MEDIA_TYPES:
            return cls(digest, content, media_type, referrer=referrer)
        try:
            listed = {Digest.parse(one["digest"]): one.get("mediaType") for one in value.get("manifests") or ()}
        except (KeyError, TypeError, AttributeError, InvalidReference) as error:
            raise InvalidReference(f"the index does not list descriptors with a sha256 digest ({type(error).__name__})") from None
        indexes = tuple(child for child, kind in listed.items() if not kind or kind in INDEX_MEDIA_TYPES)
        return cls(digest, content, media_type, tuple(listed), indexes, referrer)


class KeptManifests:
    """Those read last, up to a number of bytes: a digest names its bytes for good, so they need not be read twice."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._bytes = 0
        self._kept: OrderedDict[Digest, Manifest] = OrderedDict()

    def get(self, digest: Digest) -> Manifest | None:
        if digest in self._kept:
            self._kept.move_to_end(digest)
        return self._kept.get(digest)

    def put(self, manifest: Manifest) -> None:
        if manifest.digest not in self._kept:
            self._kept[manifest.digest] = manifest
            self._bytes += len(manifest.content)
        while self._bytes > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.content)


def _decoded(content: bytes) -> Any:
    """None for what is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
