"""Manifests: the bytes that a digest names, and what an index lists.

Source: OCI image-spec, image-index.md; Docker, "Image Manifest Version 2, Schema 2"."""

import json
from dataclasses import dataclass
from typing import Self

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


@dataclass(frozen=True, slots=True)
class Manifest:
    """`children`: what an index lists, in its order, each once; `indexes`: those of them that are indexes again."""

    content: bytes
    media_type: str
    children: tuple[Digest, ...] = ()
    indexes: tuple[Digest, ...] = ()

    @classmethod
    def parse(cls, content: bytes, media_type: str) -> Self:
        """Raises `InvalidReference` for an index that does not list sha256 digests."""
        if media_type not in INDEX_MEDIA_TYPES:
            return cls(content, media_type)
        try:
            listed = {Digest.parse(one["digest"]): one.get("mediaType") for one in json.loads(content).get("manifests") or ()}
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise InvalidReference(f"the index does not list descriptors with a sha256 digest ({type(error).__name__})") from None
        return cls(content, media_type, tuple(listed), tuple(child for child, kind in listed.items() if kind in INDEX_MEDIA_TYPES))
