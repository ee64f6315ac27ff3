"""A whole image, read from the registry that an import takes it from."""

from devkit.cloud.content.blobfiles import DigestMismatch
from devkit.cloud.content.manifest import Manifest, digest_of
from devkit.cloud.imports.source import SourceRegistry
from devkit.cloud.names import algorithm_of, is_digest

MOST_MANIFESTS = 50  # docs: container-registry-import-images, "Limitations": per imported image, its index not counted here


class TooManyManifests(Exception):
    """More than can be imported at once (acr.md 2.3 [D])."""


async def whole_image(source: SourceRegistry, reference: str) -> list[Manifest]:
    """The root and all it lists, at any depth: children before their parents. Raises `TooManyManifests`, `DigestMismatch`,
    `InvalidManifest` and the exceptions of the source."""
    found: dict[str, Manifest] = {}

    async def visit(reference: str) -> None:
        content, media_type = await source.manifest(reference)
        manifest = Manifest.parse(content, media_type, algorithm_of(reference) if is_digest(reference) else "sha256")
        if is_digest(reference) and manifest.digest != reference:
            raise DigestMismatch
        if len(found) + len(manifest.children) > MOST_MANIFESTS:
            raise TooManyManifests
        for child in manifest.children:
            if child not in found:
                await visit(child)
        found[manifest.digest] = manifest

    await visit(reference)
    return list(found.values())


async def digest_of_tag(source: SourceRegistry, tag: str) -> str:
    """What it means at the source now. Raises the exceptions of the source."""
    content, _ = await source.manifest(tag)
    return digest_of(content)
