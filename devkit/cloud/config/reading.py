"""Reading JSON values with sentences for what is wrong with them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar


class Problem(Exception):
    """What keeps the cloud from running, in one sentence for a person."""


def text(value: Mapping[str, Any], name: str) -> str:
    """Raises `KeyError` or `ValueError`."""
    found = value[name]
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name} must be a text that is not empty")
    return found


def number(value: object, name: str, *, least: float, most: float = float("inf")) -> float:
    """Raises `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ValueError(f"{name} must be a number of at least {least:g}")
    if value > most:
        raise ValueError(f"{name} must be at most {most:.0f}")
    return value


def moment(value: object, name: str) -> float:
    """Seconds since the epoch, of an RFC 3339 text; one without an offset is UTC. Raises `ValueError`."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise ValueError(f"{name} must be a time such as 2027-01-01T00:00:00Z")
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def flag(value: Mapping[str, Any], name: str, default: bool) -> bool:
    """Raises `ValueError`."""
    found = value.get(name, default)
    if not isinstance(found, bool):
        raise ValueError(f"{name} must be true or false")
    return found


Choice = TypeVar("Choice", bound=str)


def choice(value: Mapping[str, Any], name: str, known: Sequence[Choice], default: Choice | None = None) -> Choice:
    """One of `known`; the first, unless `default` is another. Raises `ValueError`."""
    found = value.get(name, default or known[0])
    for one in known:
        if one == found:
            return one
    raise ValueError(f"{name} must be one of {', '.join(known)}")
