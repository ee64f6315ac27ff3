"""From JSON to a frozen dataclass, by its own fields: what is unknown, missing or of the wrong kind is told with what is allowed."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from devkit.cloud.config.reading import number

Shape = TypeVar("Shape")


def parsed(shape: type[Shape], value: Mapping[str, Any], name: str) -> Shape:
    """A `shape` of numbers, texts, booleans and literals; names are camelCase in JSON. Raises `ValueError`."""
    hints, known = get_type_hints(shape), {camel(one.name): one for one in fields(shape)}  # type: ignore[arg-type] # a dataclass
    if unknown := [given for given in value if given not in known]:
        raise ValueError(f"{name} has no {unknown[0]!r}; it may have: {', '.join(known) or 'nothing'}")
    if missing := [text for text, one in known.items() if one.default is MISSING and text not in value]:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return shape(**{known[text].name: _checked(hints[known[text].name], given, text) for text, given in value.items()})


def shown(value: object) -> dict[str, Any]:
    """The JSON that `parsed` reads; what is None is left out."""
    found = {camel(one.name): getattr(value, one.name) for one in fields(value)}  # type: ignore[arg-type] # a dataclass
    return {text: one for text, one in found.items() if one is not None}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _checked(hint: Any, value: Any, name: str) -> Any:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{name} is one of {', '.join(get_args(hint))}")
        return value
    kinds = set(get_args(hint) or (hint,))
    if value is None and NoneType in kinds:
        return None
    if float in kinds:
        return number(value, name, least=0)
    if int in kinds:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{name} must be a whole number of at least 0")
        return value
    (wanted,) = kinds - {NoneType}
    if not isinstance(value, wanted) or value == "":
        raise ValueError(f"{name} must be {'true or false' if wanted is bool else 'a text that is not empty'}")
    return value
