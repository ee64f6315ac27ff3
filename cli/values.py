"""Settings by name, from wherever an operator has them."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,127}", re.ASCII)
_ESCAPED = re.compile(r'\\(["\\])')
LARGEST = 4 * 1024 * 1024  # characters


class Unreadable(Exception):
    """Says why, and what to do; never what stands there."""


def read_values(file: str | None) -> Mapping[str, str]:
    """`file`: a path, `-` for standard input, None for the environment. Raises `Unreadable`."""
    if file is None:
        return dict(os.environ)
    text = _text(file)
    return _of_json(text, file) if text.lstrip().startswith(("{", "[")) else _of_lines(text, file)


def _text(file: str) -> str:
    try:
        if file == "-":
            text = sys.stdin.read(LARGEST + 1)
        else:
            with Path(file).open(encoding="utf-8-sig") as opened:
                text = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        trouble = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Unreadable(f"cannot read {file}: {trouble}") from None
    if len(text) > LARGEST:
        raise Unreadable(f"{file} is larger than {LARGEST} characters: that is no file of settings")
    return text


def _of_json(text: str, file: str) -> Mapping[str, str]:
    try:
        value: Any = json.loads(text, object_pairs_hook=_once)
    except _Twice as twice:
        raise Unreadable(f"{file} has {twice} twice, of which JSON would keep the last") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{file} is not JSON: line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{file} is not JSON") from None
    if isinstance(value, list):  # az functionapp config appsettings list
        value = _of_list(value, file)
    if isinstance(value, dict) and value.get("IsEncrypted") is True:
        raise Unreadable(f"{file} is encrypted: run 'func settings decrypt' in its folder first")
    if isinstance(value, dict) and isinstance(value.get("Values"), dict):
        value = value["Values"]
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise Unreadable(f"{file} holds no settings: want a local.settings.json, or an object or a list of names and texts")
    if wrong := [_shown(name) for name, one in value.items() if not isinstance(one, str | None)]:
        raise Unreadable(f"{file} has settings that are no texts: {', '.join(wrong)}. Put quotes around each, JSON as one text in it")
    return {name: one or "" for name, one in value.items()}


class _Twice(Exception):
    """Says which name."""


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Raises `_Twice`."""
    value: dict[Any, Any] = {}
    for name, one in pairs:
        if name in value:
            raise _Twice(_shown(name))
        value[name] = one
    return value


def _of_list(listed: list[Any], file: str) -> dict[Any, Any]:
    """What `az functionapp config appsettings list` prints."""
    try:
        return _once([(one.get("name"), one.get("value")) for one in listed if isinstance(one, dict)])
    except _Twice as twice:
        raise Unreadable(f"{file} has {twice} twice") from None
    except TypeError:  # a name that is a list
        return {}


def _shown(name: object) -> str:
    """A name, if it could be one: in its place may be anything."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "one of an odd name"


def _of_lines(text: str, file: str) -> Mapping[str, str]:
    """`NAME=VALUE`, maybe with `export` before it and quotes around the value; `#` begins a comment line. As in a shell, `\\"` and `\\\\`
    stand for one character between double quotes, and for themselves elsewhere."""
    values = {}
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise Unreadable(f"{file}, line {number}: want NAME=VALUE")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        escaped = quoted and value[0] == '"'
        value = value[1:-1] if quoted else value
        values[name.strip()] = _ESCAPED.sub(r"\1", value) if escaped else value
    return values
