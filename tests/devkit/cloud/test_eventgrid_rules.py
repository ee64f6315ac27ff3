"""The rules of Event Grid that need no cloud: filters, pauses, probation."""

from typing import Any

import pytest

from devkit.cloud.config.events import EventSubscription
from devkit.cloud.eventgrid.filters import Filter
from devkit.cloud.eventgrid.schedule import Probation, outcome_of, pause

EVENT: dict[str, Any] = {
    "subject": "Team/App:v1",
    "topic": "/registries/contoso",
    "eventType": "Microsoft.ContainerRegistry.ImagePushed",
    "data": {"action": "push", "target": {"repository": "team/app", "tag": "v1", "size": 10, "signed": True}},
}


def settings(**more: Any) -> EventSubscription:
    return EventSubscription.from_json({"endpoint": "http://127.0.0.1/", **more}, name="test")


@pytest.mark.parametrize(
    ("operator", "key", "values", "matches"),
    [
        ("StringIn", "data.target.repository", ["other", "TEAM/APP"], True),
        ("StringIn", "data.target.repository", ["team"], False),
        ("StringIn", "data.target.nothing", ["team"], False),
        ("StringNotIn", "data.target.repository", ["team/app"], False),
        ("StringNotIn", "data.target.nothing", ["team/app"], True),
        ("StringBeginsWith", "data.target.repository", ["lib/", "team/"], True),
        ("StringBeginsWith", "data.target.size", ["1"], False),
        ("StringNotBeginsWith", "data.target.repository", ["lib/"], True),
        ("StringEndsWith", "data.target.repository", ["APP"], True),
        ("StringNotEndsWith", "data.target.repository", ["app"], False),
        ("StringContains", "data.target.repository", ["m/a"], True),
        ("StringNotContains", "data.target.repository", ["m/a"], False),
        ("StringIn", "type", ["Microsoft.ContainerRegistry.ImagePushed"], True),
        ("NumberIn", "data.target.size", [9, 10], True),
        ("NumberNotIn", "data.target.size", [9], True),
        ("NumberGreaterThan", "data.target.size", [10], False),
        ("NumberGreaterThanOrEquals", "data.target.size", [10], True),
        ("NumberLessThan", "data.target.size", [10], False),
        ("NumberLessThanOrEquals", "data.target.size", [10], True),
        ("BoolEquals", "data.target.signed", [True], True),
        ("BoolEquals", "data.target.signed", [False], False),
        ("IsNullOrUndefined", "data.target.nothing", None, True),
        ("IsNotNull", "data.target.nothing", None, False),
        ("IsNotNull", "data.target.tag", None, True),
    ],
)
def test_advanced_filters(operator: str, key: str, values: list[Any] | None, matches: bool) -> None:
    one = {"operatorType": operator, "key": key} | ({"values": values} if values else {})
    assert Filter.from_json({"advancedFilters": [one]}).matches(EVENT) is matches


def test_a_value_alone_is_a_list_of_one() -> None:
    one = {"operatorType": "NumberGreaterThan", "key": "data.target.size", "value": 9}
    assert Filter.from_json({"advancedFilters": [one]}).matches(EVENT)


@pytest.mark.parametrize(
    ("value", "matches"),
    [
        ({}, True),
        ({"includedEventTypes": ["All"]}, True),
        ({"includedEventTypes": ["Microsoft.ContainerRegistry.ImageDeleted"]}, False),
        ({"includedEventTypes": ["microsoft.containerregistry.imagepushed"]}, True),
        ({"subjectBeginsWith": "team/", "subjectEndsWith": ":V1"}, True),
        ({"subjectBeginsWith": "team/", "isSubjectCaseSensitive": True}, False),
        ({"subjectEndsWith": ":v2"}, False),
    ],
)
def test_types_and_subjects(value: dict[str, Any], matches: bool) -> None:
    assert Filter.from_json(value).matches(EVENT) is matches


def test_a_day_of_pauses() -> None:
    pauses = [pause(attempt, 500, settings(), 1) for attempt in range(1, 13)]
    assert pauses == [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 43_200, 43_200]


def test_jitter_is_small_and_the_same_for_the_same_seed() -> None:
    jittered = settings(jitterSeed=1)
    pauses = [pause(1, 500, jittered, number) for number in range(50)]
    assert pauses == [pause(1, 500, jittered, number) for number in range(50)]
    assert 10 <= min(pauses) < max(pauses) <= 11


@pytest.mark.parametrize(("status", "outcome"), [(200, "Delivered"), (204, "Delivered"), (206, "GenericError"), (401, "Unauthorized")])
def test_only_five_statuses_are_success(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome


def test_probation_grows_up_to_hours_and_ends_with_a_success() -> None:
    probation = Probation()
    for _ in range(9):
        probation.noted("NotFound", 0)
    assert probation.until == 0
    spans = []
    for _ in range(8):
        probation.noted("NotFound", 0)
        spans.append(probation.until)
    assert spans == [300, 600, 1_200, 2_400, 4_800, 9_600, 14_400, 14_400]
    probation.noted("Delivered", 0)
    assert probation.until == 0
