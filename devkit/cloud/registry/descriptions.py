"""What a manifest's attributes say of its content: `architecture`, `os`, `configMediaType`, and an index's `references` (acr.md 5).

An image's platform is in its config (image-spec, config.md), an index's children's in their descriptors."""

import json
from typing import Any

from devkit.cloud.content.blobfiles import BlobFiles

LARGEST_CONFIG = 1024 * 1024  # bytes; more is not read for two words
_PLATFORM = ("architecture", "os")


class Descriptions:
    def __init__(self, files: BlobFiles) -> None:
        self._files = files

    def of(self, content: bytes) -> dict[str, Any]:
        """What is not said is left out. `content` was checked when it was pushed."""
        value = json.loads(content)
        if "manifests" in value:
            return {"references": [{"digest": child["digest"], **_platform(child.get("platform"))} for child in value["manifests"]]}
        config = value["config"]
        return {"configMediaType": config["mediaType"], **_platform(self._config(config["digest"]))}

    def _config(self, digest: str) -> Any:
        size = self._files.size(digest)
        if size is None or size > LARGEST_CONFIG:
            return None
        try:
            return json.loads(self._files.path(digest).read_bytes())
        except (ValueError, RecursionError):  # an artifact's config may be anything
            return None


def _platform(value: Any) -> dict[str, str]:
    found = value if isinstance(value, dict) else {}
    return {name: found[name] for name in _PLATFORM if isinstance(found.get(name), str) and found[name]}
