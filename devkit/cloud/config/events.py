"""The subscription to the registry's events, in the words that ARM has for an event subscription."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from devkit.cloud.config.reading import text
from devkit.cloud.eventgrid.filters import Filter

Destination = Literal["azurefunction", "webhook"]
Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]

CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")  # docs: naming and referencing containers


@dataclass(frozen=True, slots=True)
class EventSubscription:
    """The defaults are Event Grid's (acr.md 1.4)."""

    endpoint: str = field(repr=False)  # its query may hold a key
    name: str
    destination: Destination
    schema: Schema
    most_per_batch: int
    batch_kilobytes: int
    filter: Filter
    most_attempts: int
    minutes_to_live: int
    dead_letter_container: str | None  # of blobs, below the state folder; None drops what cannot be delivered
    jitter_seed: int | None  # None: pauses are exactly as documented
    probation: bool  # an endpoint that fails again and again is left alone for a while
    said: Mapping[str, Any] = field(repr=False)  # all of it, as it came

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, name: str) -> Self:
        """`name` is for one that says none itself. Raises `KeyError`, `ValueError`, or what a value of another type makes of itself."""
        endpoint = text(value, "endpoint")
        if urlsplit(endpoint).scheme not in {"http", "https"}:
            raise ValueError("endpoint must be an http or https URL, or null")
        retry, container = value.get("retryPolicy") or {}, value.get("deadLetterContainer")
        if container is not None and not CONTAINER.fullmatch(container):
            raise ValueError("deadLetterContainer must be the name of a blob container: 3 to 63 of a to z, 0 to 9 and single dashes")
        seed = value.get("jitterSeed")
        return cls(
            endpoint=endpoint,
            name=str(value.get("name") or name),
            destination=_one_of(value, "destination", "azurefunction", "webhook"),
            schema=_one_of(value, "schema", "EventGridSchema", "CloudEventSchemaV1_0"),
            most_per_batch=_whole(value, "maxEventsPerBatch", 1, most=5_000),
            batch_kilobytes=_whole(value, "preferredBatchSizeInKilobytes", 64, most=1_024),
            filter=Filter.from_json(value.get("filter") or {}),
            most_attempts=_whole(retry, "maxDeliveryAttempts", 30, most=30),
            minutes_to_live=_whole(retry, "eventTimeToLiveInMinutes", 1_440, most=1_440),
            dead_letter_container=container,
            jitter_seed=None if seed is None else int(seed),
            probation=bool(value.get("probation", False)),
            said=dict(value),
        )

    def to_json(self) -> dict[str, Any]:
        """What it says, without the endpoint's query."""
        return {**self.said, "endpoint": self.endpoint.partition("?")[0]}


def _one_of(value: Mapping[str, Any], name: str, *answers: str) -> Any:
    found = value.get(name, answers[0])
    if found not in answers:
        raise ValueError(f"{name} is one of {', '.join(answers)}")
    return found


def _whole(value: Mapping[str, Any], name: str, default: int, *, most: int) -> int:
    found = value.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most}")
    return found
