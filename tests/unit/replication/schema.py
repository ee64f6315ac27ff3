"""As much of JSON Schema (draft 2020-12) as docs/targets.schema.json uses. A keyword that is not known here fails the test."""

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
TYPES: Mapping[str, Any] = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None), "number": (int, float)}
SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default"}


def valid(value: Any, schema: Schema, root: Schema | None = None) -> bool:
    root = root or schema
    return all(_holds(keyword, given, value, schema, root) for keyword, given in schema.items() if keyword not in SAYS_NOTHING)


def _holds(keyword: str, given: Any, value: Any, schema: Schema, root: Schema) -> bool:
    match keyword:
        case "$ref":
            return valid(value, root["$defs"][given.removeprefix("#/$defs/")], root)
        case "type":
            return isinstance(value, TYPES[given]) and (given == "boolean" or not isinstance(value, bool))
        case "enum":
            return value in given
        case "const":
            return bool(value == given)
        case "not":
            return not valid(value, given, root)
        case "allOf":
            return all(valid(value, one, root) for one in given)
        case "oneOf":
            return sum(valid(value, one, root) for one in given) == 1
        case "pattern":
            return not isinstance(value, str) or re.search(re.sub(r"\$$", r"\\Z", given), value) is not None
        case "minLength" | "maxLength" if isinstance(value, str):
            return bool(len(value) >= given if keyword == "minLength" else len(value) <= given)
        case "minimum" | "maximum" if isinstance(value, int | float):
            return bool(value >= given if keyword == "minimum" else value <= given)
        case "minItems" | "maxItems" if isinstance(value, list):
            return bool(len(value) >= given if keyword == "minItems" else len(value) <= given)
        case "minProperties" | "maxProperties" if isinstance(value, dict):
            return bool(len(value) >= given if keyword == "minProperties" else len(value) <= given)
        case "items":
            return not isinstance(value, list) or all(valid(one, given, root) for one in value)
    return not isinstance(value, dict) or _holds_of_object(keyword, given, value, schema, root)


def _holds_of_object(keyword: str, given: Any, value: dict[str, Any], schema: Schema, root: Schema) -> bool:
    match keyword:
        case "required":
            return all(name in value for name in given)
        case "dependentRequired":
            return all(name not in value or all(other in value for other in others) for name, others in given.items())
        case "properties":
            return all(valid(value[name], one, root) for name, one in given.items() if name in value)
        case "propertyNames":
            return all(valid(name, given, root) for name in value)
        case "additionalProperties":
            rest = [one for name, one in value.items() if name not in schema.get("properties", {})]
            return not rest if given is False else all(valid(one, given, root) for one in rest)
    raise AssertionError(f"the schema uses {keyword}, which this does not know")
