"""JSON as the host reads it: with comments and with commas behind the last item.

Source: Newtonsoft.Json, by which azure-functions-host parses host.json (HostJsonFileConfigurationSource) and the Core Tools
local.settings.json, skips both. Durable Functions' SDK reads host.json too, when it is imported, and takes neither."""

import json
import re
from typing import Any

_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)


def loads(text: str) -> Any:
    """Raises `ValueError`, with line and column of `text`."""
    return json.loads(_LAST_COMMA.sub(_blank, _COMMENT.sub(_blank, text)))


def _blank(found: re.Match[str]) -> str:
    """Strings stay; what else was found becomes spaces of the same shape."""
    return found[0] if found[0].startswith('"') else re.sub(r"[^\n]", " ", found[0])
