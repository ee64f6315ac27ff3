"""Events as they travel: the two schemas, batches, the publisher's headers (acr.md 1.3, 1.4)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from devkit.cloud.config.events import EventSubscription, Schema
from devkit.cloud.eventgrid.queue import Queued

BATCH, SINGLE = "application/cloudevents-batch+json; charset=utf-8", "application/cloudevents+json; charset=utf-8"


def batches(events: Sequence[Queued], settings: EventSubscription) -> list[list[Queued]]:
    """In their order. One that is larger than the preferred size goes by itself; nothing waits for a batch to fill up."""
    made: list[list[Queued]] = []
    size = 0
    for event in events:
        size += len(event.body)
        if not made or len(made[-1]) == settings.most_per_batch or size > settings.batch_kilobytes * 1024:
            made.append([])
            size = len(event.body)
        made[-1].append(event)
    return made


def body(batch: Sequence[Queued], settings: EventSubscription) -> tuple[bytes, str]:
    """The request's body and its Content-Type. The Event Grid schema is an array even for one; CloudEvents are one object unless the
    subscription asks for batches."""
    if settings.schema == "EventGridSchema":
        return f"[{','.join(event.body for event in batch)}]".encode(), "application/json; charset=utf-8"
    events = [in_schema(event.event, settings.schema) for event in batch]
    if settings.most_per_batch > 1:
        return json.dumps(events).encode(), BATCH
    return json.dumps(events[0]).encode(), SINGLE


def in_schema(event: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """`event` is in the Event Grid schema; what a forged one lacks stays away."""
    if schema == "EventGridSchema":
        return dict(event)
    names = {"id": "id", "topic": "source", "subject": "subject", "eventType": "type", "eventTime": "time", "data": "data"}
    return {**{new: event[old] for old, new in names.items() if old in event}, "specversion": "1.0"}


def headers(settings: EventSubscription, kind: str, *, data_version: str = "1.0") -> dict[str, str]:
    """The names of subscriptions are written in capitals."""
    sent = {"aeg-event-type": kind, "aeg-subscription-name": settings.name.upper(), "aeg-delivery-count": "0"}
    if settings.schema == "CloudEventSchemaV1_0":
        return {**sent, "aeg-metadata-version": "1.0"}
    return {**sent, "aeg-data-version": data_version, "aeg-metadata-version": "1"}


def notification_headers(batch: Sequence[Queued], settings: EventSubscription) -> dict[str, str]:
    """`aeg-delivery-count` is how often the first of the batch was sent before."""
    first = batch[0]
    sent = headers(settings, "Notification", data_version=str(first.event.get("dataVersion", "")))
    sent["aeg-delivery-count"] = str(first.attempts)
    return sent | ({"aeg-output-event-id": first.id} if len(batch) == 1 else {})
