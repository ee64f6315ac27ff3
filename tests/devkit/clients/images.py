"""Images to send around, of both families of media types, and the folders in which clients keep them.

Sources: OCI image-spec, manifest.md, image-index.md, image-layout.md; Docker's image manifest version 2, schema 2; the manual page
containers-transports(5), "dir"."""

import gzip
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.devkit.cloud.running import descriptor, digest_of

PLATFORMS = ("amd64", "arm64")


@dataclass(frozen=True)
class Family:
    """The media types of one family."""

    name: str
    manifest: str
    index: str
    config: str
    layer: str


OCI = Family(
    "oci",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
DOCKER = Family(
    "docker",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
FAMILIES = (OCI, DOCKER)
COSIGN_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"  # sigstore/cosign specs, SIGNATURE_SPEC.md
SBOM = "application/spdx+json"


@dataclass(frozen=True)
class Image:
    """The bytes of a manifest, or of an index and its manifests, and of all blobs below, by digest."""

    family: Family
    root: str
    manifests: Mapping[str, bytes]
    blobs: Mapping[str, bytes]

    @property
    def everything(self) -> dict[str, bytes]:
        return {**self.manifests, **self.blobs}

    def media_type(self, digest: str) -> str:
        return str(json.loads(self.manifests[digest])["mediaType"])

    def write_layout(self, folder: Path, tag: str = "v1") -> None:
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for digest, content in self.everything.items():
            (blobs / digest.removeprefix("sha256:")).write_bytes(content)
        named = descriptor(self.manifests[self.root], self.media_type(self.root))
        index = {"schemaVersion": 2, "manifests": [{**named, "annotations": {"org.opencontainers.image.ref.name": tag}}]}
        (folder / "index.json").write_text(json.dumps(index))
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def write_dir(self, folder: Path) -> None:
        """As skopeo's `dir:` keeps it, which takes Docker's media types where its `oci:` does not."""
        folder.mkdir()
        (folder / "version").write_text("Directory Transport Version: 1.1\n")
        (folder / "manifest.json").write_bytes(self.manifests[self.root])
        for digest, content in self.everything.items():
            suffix = ".manifest.json" if digest in self.manifests else ""
            (folder / f"{digest.removeprefix('sha256:')}{suffix}").write_bytes(content)


def read_layout(folder: Path) -> dict[str, bytes]:
    """By the names of the files: that each is its content's digest is for the test to see."""
    return {f"sha256:{path.name}": path.read_bytes() for path in (folder / "blobs" / "sha256").iterdir()}


def read_dir(folder: Path) -> dict[str, bytes]:
    root = (folder / "manifest.json").read_bytes()
    files = [path for path in folder.iterdir() if path.name not in {"manifest.json", "version"}]
    return {digest_of(root): root} | {f"sha256:{path.name.partition('.')[0]}": path.read_bytes() for path in files}


def one_platform(name: str, family: Family = OCI, *, size: int = 3000, platform: str = PLATFORMS[0]) -> Image:
    """The same bytes for the same name; its one layer has `size` bytes in gzip's wrapping, unpressed for speed."""
    content = random.Random(f"{name} {platform}").randbytes(size)
    layer = gzip.compress(content, 0, mtime=0)
    rootfs = {"type": "layers", "diff_ids": [digest_of(content)]}
    config = json.dumps({"architecture": platform, "os": "linux", "config": {}, "rootfs": rootfs, "history": [{}]}).encode()
    return _image(family, config, layer, family.layer)


def all_platforms(name: str, family: Family = OCI) -> Image:
    below = {platform: one_platform(name, family, platform=platform) for platform in PLATFORMS}
    listed = [
        {**descriptor(one.manifests[one.root], family.manifest), "platform": {"architecture": platform, "os": "linux"}}
        for platform, one in below.items()
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": family.index, "manifests": listed}).encode()
    manifests = {digest: content for one in below.values() for digest, content in one.manifests.items()}
    blobs = {digest: content for one in below.values() for digest, content in one.blobs.items()}
    return Image(family, digest_of(index), {**manifests, digest_of(index): index}, blobs)


def signature_of(image: Image) -> Image:
    """What cosign pushes under the tag of `signature_tag`, but for the signature itself, which no registry verifies."""
    signed = {"critical": {"image": {"docker-manifest-digest": image.root}, "type": "cosign container image signature"}}
    payload = json.dumps(signed).encode()
    rootfs = {"type": "layers", "diff_ids": [digest_of(payload)]}
    config = json.dumps({"architecture": "", "os": "", "config": {}, "rootfs": rootfs, "history": [{}]}).encode()
    return _image(OCI, config, payload, COSIGN_LAYER)


def referrer_of(image: Image, name: str) -> Image:
    """An inventory of it, which says so by `subject` (image-spec, manifest.md, "Guidelines for Artifact Usage")."""
    subject = descriptor(image.manifests[image.root], image.media_type(image.root))
    return _image(OCI, b"{}", name.encode(), SBOM, artifactType=SBOM, subject=subject)


def signature_tag(image: Image) -> str:
    return image.root.replace(":", "-") + ".sig"


def _image(family: Family, config: bytes, layer: bytes, layer_type: str, **more: Any) -> Image:
    layers = [descriptor(layer, layer_type)]
    value = {"schemaVersion": 2, "mediaType": family.manifest, "config": descriptor(config, family.config), "layers": layers, **more}
    manifest = json.dumps(value).encode()
    return Image(family, digest_of(manifest), {digest_of(manifest): manifest}, {digest_of(config): config, digest_of(layer): layer})
