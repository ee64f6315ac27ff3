"""Reading JSON values with sentences for what is wrong with them."""

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """What keeps the cloud from running, in one sentence for a person."""


def text(value: Mapping[str, Any], name: str) -> str:
    """Raises `KeyError` or `ValueError`."""
    found = value[name]
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name} must be a text that is not empty")
    return found


def number(value: object, name: str, *, least: float) -> float:
    """Raises `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ValueError(f"{name} must be a number of at least {least:g}")
    return value
