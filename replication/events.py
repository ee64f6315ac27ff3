"""A registry's events, parsed from what Event Grid delivers. An event is hostile until proven otherwise: it only ever says "look there".

Source: "Azure Container Registry as an Event Grid source"; the envelope may be Event Grid's own or CloudEvents 1.0. `request.host` is never
an address: the login server comes from the settings. A difference is worth a count, no more: regional and private names are legitimate."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from replication.references import Digest, InvalidReference, Repository, Tag, optional_digest, optional_tag

Action = Literal["push", "delete"]
ACTIONS: Mapping[str, Action] = {"ImagePushed": "push", "ImageDeleted": "delete"}
NAMESPACE = "Microsoft.ContainerRegistry."
LONGEST_ID = 1024
LONGEST_TIME = 64


class NotForUs(Exception):
    """The event is kept as a `rejected` instance; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEvent:
    """`digest` is None only when a whole repository was deleted."""

    id: str
    topic: str
    action: Action
    repository: Repository
    tag: Tag | None
    digest: Digest | None
    happened: float | None  # seconds since 1970, as the event tells them
    host: str | None  # the client's Host header, for a comparison and nothing else

    @classmethod
    def parse(cls, text: str, source_registry: str) -> Self:
        """`source_registry`: the resource id that the topic must be, in any case. Raises `NotForUs`."""
        envelope = _object(_decoded(text), "the event")
        event_type = str(envelope.get("eventType", envelope.get("type", ""))).removeprefix(NAMESPACE)
        if event_type not in ACTIONS:
            raise NotForUs(f"events of type {event_type[:90]!r} are not replicated, only ImagePushed and ImageDeleted")
        topic = envelope.get("topic", envelope.get("source"))
        if not isinstance(topic, str) or topic.rstrip("/").lower() != source_registry.rstrip("/").lower():
            raise NotForUs("its topic is not the source registry of SourceACRResourceId")
        event_id = envelope.get("id")
        if not isinstance(event_id, str) or not 0 < len(event_id) <= LONGEST_ID:
            raise NotForUs("it has no id")
        data = _object(envelope.get("data"), "data")
        target = _object(data.get("target"), "data.target")
        request = data.get("request")
        host = request.get("host") if isinstance(request, dict) else None
        try:
            event = cls(
                id=event_id,
                topic=topic.rstrip("/").lower(),
                action=ACTIONS[event_type],
                repository=Repository.parse(target.get("repository")),
                tag=optional_tag(target.get("tag")),
                digest=optional_digest(target.get("digest")),
                happened=_seconds(envelope.get("eventTime", envelope.get("time"))),
                host=host if isinstance(host, str) else None,
            )
        except InvalidReference as invalid:
            raise NotForUs(f"data.target: {invalid}") from None
        if event.action == "push" and event.digest is None:
            raise NotForUs("a push without a digest names no content")
        return event


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotForUs("it is not JSON") from None


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotForUs(f"{what} is not an object")
    return value


def _seconds(text: object) -> float | None:
    """RFC 3339. None for anything else: an event is not refused for its time, which only figures need."""
    if not isinstance(text, str) or len(text) > LONGEST_TIME:
        return None
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
