"""Small artifacts of every form that a registry may hold, made of nothing but a text: the same text gives the same bytes.

Source: OCI image-spec 1.1, manifest.md, image-index.md; Docker, "Image Manifest Version 2, Schema 2"; cosign's tag scheme."""

import json
from collections.abc import Mapping
from typing import Any

from devkit.local.images import CONFIG, INDEX, MANIFEST, Image, digest_of

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
EMPTY = b"{}"  # image-spec, manifest.md, "Guidance for an Empty Descriptor"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
HELM_TYPE = "application/vnd.cncf.helm.config.v1+json"
SIGNATURE, SBOM = "application/vnd.dev.cosign.artifact.sig.v1+json", "application/spdx+json"


def image(text: str) -> Image:
    """An image as clients push it: a configuration and one layer."""
    return _manifest(text, config=_json({"os": "linux", "architecture": "amd64", "text": text}), layer=f"layer of {text}".encode())


def docker_image(text: str) -> Image:
    config = _json({"os": "linux", "architecture": "amd64", "docker": text})
    return _manifest(text, config=config, media_type=DOCKER_MANIFEST, config_type=DOCKER_CONFIG)


def chart(text: str) -> Image:
    return _manifest(text, config=_json({"name": text, "version": "0.1.0"}), config_type=HELM_TYPE, layer=f"chart of {text}".encode())


def odd(text: str) -> Image:
    """JSON as nobody's encoder writes it: another order, blanks, escapes, what no specification names. Bytes are to survive, not values."""
    plain = json.loads(_manifest(text, config=EMPTY, config_type=EMPTY_TYPE).content)
    reordered = {"x-unknown": [1.0, None, "é\u0000"], "annotations": {"of": f"{text} ✓"}, **dict(reversed(plain.items()))}
    return Image(MANIFEST, f" {json.dumps(reordered, indent=3)}\n\n".encode(), blobs=(EMPTY,))


FORMS = (image, image, image, docker_image, chart, odd)  # as often as they are made


def index(text: str, children: tuple[Image, ...]) -> Image:
    """Of these, which may be indexes themselves."""
    return _index({"annotations": {"of": text}}, children, INDEX)


def docker_list(text: str, children: tuple[Image, ...]) -> Image:
    return _index({"of": text}, children, DOCKER_LIST)


def referrer(text: str, subject: Image, artifact_type: str = SIGNATURE) -> Image:
    """What belongs to another manifest, and says so (image-spec, manifest.md, `subject`)."""
    return _manifest(text, config=EMPTY, config_type=EMPTY_TYPE, artifactType=artifact_type, subject=descriptor(subject))


def fallback(referrers: tuple[Image, ...]) -> Image:
    """The index that clients keep where there is no referrers API (distribution-spec, "Referrers Tag Schema")."""
    return _index({}, referrers, INDEX)


def fallback_tag(digest: str) -> str:
    return digest.replace(":", "-")


def cosign_tag(digest: str) -> str:
    return f"{digest.replace(':', '-')}.sig"


def descriptor(one: Image) -> Mapping[str, Any]:
    return {"mediaType": one.media_type, "digest": one.digest, "size": len(one.content)}


def is_index(one: Image) -> bool:
    return one.media_type in (INDEX, DOCKER_LIST)


def subject_of(one: Image) -> str | None:
    subject = json.loads(one.content).get("subject")
    return None if subject is None else str(subject["digest"])


def _manifest(
    text: str,
    *,
    config: bytes,
    media_type: str = MANIFEST,
    config_type: str = CONFIG,
    layer: bytes | None = None,
    **more: Any,
) -> Image:
    layers = [] if layer is None else [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **_blob(layer)}]
    value = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": config_type, **_blob(config)},
        "layers": layers,
        "annotations": {"of": text},
        **more,
    }
    return Image(media_type, _json(value), blobs=(config,) if layer is None else (config, layer))


def _index(more: Mapping[str, Any], children: tuple[Image, ...], media_type: str) -> Image:
    value = {"schemaVersion": 2, "mediaType": media_type, "manifests": [descriptor(child) for child in children], **more}
    return Image(media_type, _json(value), children=children)


def _blob(content: bytes) -> dict[str, Any]:
    return {"digest": digest_of(content), "size": len(content)}


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
