"""Files that only their owner may read."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

from devkit.local.problem import Problem

UNFINISHED = ".unfinished"  # what a process that is killed while it writes leaves behind ends so


def private_folder(path: Path) -> Path:
    """One that is there already stays as it is. Raises `Problem`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(path, error) from None
    return path


def unusable(path: Path, error: OSError) -> Problem:
    return Problem(
        f"Cannot keep state in {path}: {error.strerror}. Remove what is there ('rm -r {shlex.quote(str(path))}'), let this user write"
        " there, or name another folder: 'python -m devkit' takes --state."
    )


def write_private(path: Path, value: Any) -> None:
    """`value` as JSON, in the way of `write_private_text`."""
    write_private_text(path, json.dumps(value, indent=1))


def write_private_text(path: Path, text: str) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    unfinished = path.with_name(path.name + UNFINISHED)
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
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
