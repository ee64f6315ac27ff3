"""Files that only their owner may read."""

import json
import os
from pathlib import Path
from typing import Any

from devkit.local.problem import Problem


def private_folder(path: Path) -> Path:
    """Raises `Problem`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise Problem(f"Cannot keep state in {path}: {error.strerror}. Name another folder with --state.") from None
    return path


def write_private(path: Path, value: Any) -> None:
    """`value` as JSON: whole or not at all, and never readable by others for a moment."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file, indent=1)
    unfinished.replace(path)


def read_object(path: Path) -> dict[str, Any]:
    """What `write_private` wrote; empty if there is no file. Raises `Problem` for what is no JSON object."""
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Problem(f"{path} is not a JSON object: correct it, or remove it and it is made anew.")
    return value
