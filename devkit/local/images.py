"""Images made up on the spot: real ones, which any client can push and pull, of bytes that say nothing.

Source: OCI image-spec, manifest.md, config.md, image-index.md, image-layout.md."""

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"  # clients compress what is not, which makes another image of it
LAYER_SIZE = 300_000  # bytes: enough for an import to take its time


@dataclass(frozen=True, slots=True)
class Image:
    """A manifest or an index, and all that it refers to."""

    media_type: str
    content: bytes
    blobs: tuple[bytes, ...] = ()
    children: tuple["Image", ...] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.content)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def make_image(text: str, *, architecture: str = "amd64", layers: int = 2, subject: Image | None = None) -> Image:
    """The same text and architecture give the same bytes, others different ones. `subject`: what it is said to belong to, as a signature
    does; without layers it is a configuration alone."""
    files = [_tar(f"{text} {architecture} {number}") for number in range(layers)]
    contents = [gzip.compress(file, mtime=0) for file in files]
    diff_ids = [digest_of(file) for file in files]
    labels = {} if layers else {"Labels": {"text": text}}  # else nothing would tell two of them apart
    config = _json({"architecture": architecture, "os": "linux", "config": labels, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(LAYER, content) for content in contents],
    }
    if subject is not None:
        manifest["subject"] = descriptor(subject)
    return Image(MANIFEST, _json(manifest), blobs=(config, *contents))


def make_index(text: str, architectures: Sequence[str], *, layers: int = 2) -> Image:
    children = [make_image(text, architecture=architecture, layers=layers) for architecture in architectures]
    listed = [
        {**descriptor(child), "platform": {"architecture": architecture, "os": "linux"}}
        for child, architecture in zip(children, architectures, strict=True)
    ]
    return Image(INDEX, _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}), children=tuple(children))


def index_of(*children: Image, **more: Any) -> Image:
    """An index of these, which may be indexes themselves; `more`: its other members."""
    listed = [descriptor(child) for child in children]
    return Image(INDEX, _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed, **more}), children=children)


def make_artifact(kind: str, config: tuple[str, bytes], *layers: tuple[str, bytes], **more: Any) -> Image:
    """What is no image, as OCI artifacts and Helm charts are: an artifact type, and media types with their contents; `more`: the manifest's
    other members."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": kind,
        "config": _descriptor(*config),
        "layers": [_descriptor(*layer) for layer in layers],
        **more,
    }
    return Image(MANIFEST, _json(manifest), blobs=tuple({content: None for _, content in (config, *layers)}))


def descriptor(image: Image) -> dict[str, Any]:
    """As an index lists it, or a referrer its subject."""
    return _descriptor(image.media_type, image.content)


def write_layout(folder: Path, image: Image, tag: str) -> None:
    """`folder` as an OCI image layout that holds `image` under `tag`: what clients call `oci:FOLDER:TAG`."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    for content in (*image.blobs, image.content):
        (blobs / digest_of(content).removeprefix("sha256:")).write_bytes(content)
    named = {**descriptor(image), "annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))


def _tar(text: str) -> bytes:
    """Of one file that does not compress."""
    content = random.Random(text).randbytes(LAYER_SIZE)  # noqa: S311 - not a secret: the same bytes each time are the point
    entry = tarfile.TarInfo("data")
    entry.size = len(content)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
