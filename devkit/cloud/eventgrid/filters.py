"""Which events a subscription asks for: by type, by subject, by values in the event (acr.md 1.4; docs: event-grid, event-filtering).

Texts are compared without regard to case, subjects too unless the subscription says otherwise. A negated operator is true of a field that
the event does not have, every other one is false."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Test = Callable[[Any, Any], bool]

MOST = 25  # advanced filters of a subscription, and values in all of them


def _texts(test: Callable[[str, str], bool]) -> Test:
    return lambda found, wanted: isinstance(found, str) and test(found.casefold(), str(wanted).casefold())


def _numbers(test: Callable[[float, float], bool]) -> Test:
    return lambda found, wanted: isinstance(found, int | float) and not isinstance(found, bool) and test(found, wanted)


TESTS: Mapping[str, Test] = {
    "StringIn": _texts(operator.eq),
    "StringBeginsWith": _texts(str.startswith),
    "StringEndsWith": _texts(str.endswith),
    "StringContains": _texts(operator.contains),
    "NumberIn": _numbers(operator.eq),
    "NumberLessThan": _numbers(operator.lt),
    "NumberLessThanOrEquals": _numbers(operator.le),
    "NumberGreaterThan": _numbers(operator.gt),
    "NumberGreaterThanOrEquals": _numbers(operator.ge),
    "BoolEquals": lambda found, wanted: found is wanted,
    "IsNull": lambda found, _: found is None,
}
NEGATED = {"StringNotIn", "StringNotBeginsWith", "StringNotEndsWith", "StringNotContains", "NumberNotIn", "IsNotNull"}


@dataclass(frozen=True, slots=True)
class AdvancedFilter:
    operator: str
    key: str  # such as data.target.repository
    values: tuple[Any, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """`{"operatorType", "key", "values" or "value"}`. Raises `KeyError` or `ValueError`."""
        name, key = value["operatorType"], value["key"]
        known = sorted((TESTS.keys() - {"IsNull"}) | NEGATED | {"IsNullOrUndefined"})
        if name not in known:
            raise ValueError(f"an advanced filter's operatorType is one of {', '.join(known)}")
        values = (
            (None,) if name in {"IsNullOrUndefined", "IsNotNull"} else tuple(value["values"] if "values" in value else [value["value"]])
        )
        wanted: type[Any] = str if name.startswith("String") else bool if name == "BoolEquals" else int | float  # type: ignore[assignment]
        if not values or (values != (None,) and not all(isinstance(one, wanted) for one in values)):
            raise ValueError(f"the values of the advanced filter {name} are not of its kind")
        if not isinstance(key, str) or not key:
            raise ValueError("an advanced filter's key is a text such as data.target.repository")
        return cls(name, key, values)

    def matches(self, event: Mapping[str, Any]) -> bool:
        found = _at(event, self.key)
        test = TESTS["IsNull" if self.operator == "IsNullOrUndefined" else self.operator.replace("Not", "", 1)]
        any_is_true = any(test(found, wanted) for wanted in self.values)
        return any_is_true != (self.operator in NEGATED)


@dataclass(frozen=True, slots=True)
class Filter:
    types: frozenset[str] = frozenset()  # none: all
    subject_begins: str = ""
    subject_ends: str = ""
    case_sensitive: bool = False
    advanced: tuple[AdvancedFilter, ...] = field(default=())

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """ARM's `filter` of an event subscription. Raises `KeyError` or `ValueError`."""
        advanced = tuple(AdvancedFilter.from_json(one) for one in value.get("advancedFilters") or ())
        if len(advanced) > MOST or sum(len(one.values) for one in advanced) > MOST:
            raise ValueError(f"a subscription has at most {MOST} advanced filters with {MOST} values")
        types = frozenset(str(one).lower() for one in value.get("includedEventTypes") or ()) - {"all"}
        begins, ends = (value.get(name) or "" for name in ("subjectBeginsWith", "subjectEndsWith"))
        return cls(types, str(begins), str(ends), bool(value.get("isSubjectCaseSensitive")), advanced)

    def matches(self, event: Mapping[str, Any]) -> bool:
        """`event` in the Event Grid schema."""
        if self.types and str(event.get("eventType")).lower() not in self.types:
            return False
        fold = str if self.case_sensitive else str.casefold
        subject = fold(str(event.get("subject", "")))
        within = subject.startswith(fold(self.subject_begins)) and subject.endswith(fold(self.subject_ends))
        return within and all(one.matches(event) for one in self.advanced)


CLOUD_EVENTS_NAMES = {"source": "topic", "type": "eventType", "time": "eventTime"}


def _at(event: Mapping[str, Any], key: str) -> Any:
    first, *rest = key.split(".")
    found: Any = event.get(CLOUD_EVENTS_NAMES.get(first, first))
    for name in rest:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
