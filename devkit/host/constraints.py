"""Constraints of route parameters: `{id:int:min(3)}`, `{code:regex(^[A-Z]+$)}`.

Source: "Routing in ASP.NET Core", route constraints; all but file and nonfile, which concern static files."""

import re
from collections.abc import Callable
from datetime import datetime

Check = Callable[[str], bool]
CALL = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<arguments>.*)\))?", re.DOTALL)


def constraint(text: str) -> Check:
    """Raises `ValueError` for one that does not exist, or whose arguments are wrong."""
    found = CALL.fullmatch(text)
    name = "" if found is None else found["name"].lower()
    if found is not None and found["arguments"] is None and name in PLAIN:
        return PLAIN[name]
    if found is None or found["arguments"] is None or name not in CALLED:
        raise ValueError(f"no constraint {text!r}")
    return CALLED[name](found["arguments"])


def _like(pattern: str) -> Check:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda value: compiled.fullmatch(value) is not None


def _integer(bits: int) -> Check:
    def within(value: str) -> bool:
        return re.fullmatch(r"[+-]?[0-9]{1,20}", value) is not None and -(2 ** (bits - 1)) <= int(value) < 2 ** (bits - 1)

    return within


def _moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _between(low: int | None, high: int | None) -> Check:
    """Of whole numbers."""

    def within(value: str) -> bool:
        return PLAIN["long"](value) and (low is None or int(value) >= low) and (high is None or int(value) <= high)

    return within


def _long(low: int | None, high: int | None) -> Check:
    """Of lengths."""
    return lambda value: (low is None or len(value) >= low) and (high is None or len(value) <= high)


def _two(arguments: str) -> tuple[int, int]:
    first, _, last = arguments.partition(",")
    return int(first), int(last or first)


def _search(pattern: str) -> Check:
    """Braces and brackets are doubled in a template."""
    compiled = re.compile(re.sub(r"([\[\]{}])\1", r"\1", pattern), re.IGNORECASE)
    return lambda value: compiled.search(value) is not None


PLAIN: dict[str, Check] = {
    "int": _integer(32),
    "long": _integer(64),
    "alpha": _like("[a-z]+"),
    "bool": _like("true|false"),
    "guid": _like("[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"),
    "decimal": _like(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"),
    "double": _like(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"),
    "float": _like(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"),
    "datetime": _moment,
    "required": bool,
}
CALLED: dict[str, Callable[[str], Check]] = {
    "min": lambda text: _between(int(text), None),
    "max": lambda text: _between(None, int(text)),
    "range": lambda text: _between(*_two(text)),
    "minlength": lambda text: _long(int(text), None),
    "maxlength": lambda text: _long(None, int(text)),
    "length": lambda text: _long(*_two(text)),
    "regex": _search,
}
