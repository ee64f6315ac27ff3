"""For which platforms a manifest is: an index says so itself, an image in its config."""

import json
from typing import Any

from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.content.view import StoredManifest
from devkit.cloud.pages.show import platform

LARGEST_CONFIG = 1024 * 1024  # bytes; more is not read for a word in a table
SHOWN = 8


def platforms(manifest: StoredManifest, files: BlobFiles) -> str:
    """Empty when nothing is said, as of artifacts that are no images."""
    value = json.loads(manifest.content)
    if isinstance(value.get("manifests"), list):
        found = list(dict.fromkeys(filter(None, (platform(child.get("platform")) for child in value["manifests"]))))
        return ", ".join(found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
    return platform(_config(value.get("config"), files)) or ""


def _config(described: Any, files: BlobFiles) -> Any:
    digest = described.get("digest") if isinstance(described, dict) else None
    held = files.size(digest) if isinstance(digest, str) else None
    if digest is None or held is None or held > LARGEST_CONFIG:
        return None
    try:
        return json.loads(files.path(digest).read_bytes())
    except (ValueError, RecursionError):  # an artifact's config may be anything
        return None
