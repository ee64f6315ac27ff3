"""The registry's events, as Event Grid publishes them, in a queue that outlives the process.

Source: "Azure Container Registry as an Event Grid source" for the shape. An import into this registry makes none: whether Azure sends one
is undocumented, and who replicates must not need it. Untagging makes none either (docs: container-registry-webhook-reference)."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept
from devkit.cloud.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Cause:
    """The request an event reports."""

    host: str
    method: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Queued:
    number: int
    id: str
    body: str
    attempts: int
    published: float
    due: float


class EventQueue:
    """Written inside the transaction of what happened; read by `delivery.py`."""

    def __init__(self, database: Database, clock: Clock, registry_id: str, endpoint: str | None) -> None:
        self._database = database
        self._clock = clock
        self._registry_id = registry_id
        self._endpoint = Kept(database, "event-subscription", endpoint)

    @property
    def endpoint(self) -> str | None:
        """The subscription's."""
        endpoint: str | None = self._endpoint.get()
        return endpoint

    @endpoint.setter
    def endpoint(self, endpoint: str | None) -> None:
        self._endpoint.set(endpoint)

    def pushed(self, repository: str, manifest: Manifest, tag: str | None, cause: Cause) -> None:
        size = len(manifest.content)
        target = {"mediaType": manifest.media_type, "size": size, "length": size, "digest": manifest.digest, "repository": repository}
        subject = f"{repository}:{tag}" if tag else repository
        self._queue("ImagePushed", "push", subject, target | ({"tag": tag} if tag else {}), cause)

    def deleted(self, repository: str, digest: str, media_type: str, cause: Cause) -> None:
        target = {"mediaType": media_type, "digest": digest, "repository": repository}
        self._queue("ImageDeleted", "delete", repository, target, cause)

    def repository_deleted(self, repository: str, cause: Cause) -> None:
        """One event without a digest. Whether Azure sends one, or one for each manifest, is undocumented: the harder case is played."""
        self._queue("ImageDeleted", "delete", repository, {"repository": repository}, cause)

    def _queue(self, kind: str, action: str, subject: str, target: dict[str, Any], cause: Cause) -> None:
        if self.endpoint is None:
            return
        envelope_id, kind = str(uuid.uuid4()), f"Microsoft.ContainerRegistry.{kind}"
        request = {"id": str(uuid.uuid4()), "host": cause.host, "method": cause.method, "useragent": cause.user_agent}
        data = {
            "id": str(uuid.uuid4()),
            "timestamp": self._clock.nanoseconds_text(),
            "action": action,
            "target": target,
            "request": request,
        }
        event = {
            "id": envelope_id,
            "topic": self._registry_id,
            "subject": subject,
            "eventType": kind,
            "eventTime": self._clock.text(),
            "data": data,
            "dataVersion": "1.0",
            "metadataVersion": "1",
        }
        now = self._clock.now()
        self._database.run(
            "INSERT INTO events (id, event_type, subject, body, state, attempts, published, due) VALUES (?, ?, ?, ?, 'pending', 0, ?, ?)",
            envelope_id, kind, subject, json.dumps([event]), now, now,
        )  # fmt: skip

    def pending(self) -> list[Queued]:
        """Those to be delivered, the most urgent first."""
        statement = "SELECT * FROM events WHERE state = 'pending' ORDER BY due, number LIMIT 64"
        names = ("number", "id", "body", "attempts", "published", "due")
        return [Queued(*(row[name] for name in names)) for row in self._database.rows(statement)]

    def attempted(self, event: Queued, *, state: str, status: int | None, due: float) -> None:
        """`status` is None when nobody answered."""
        self._database.run(
            "UPDATE events SET state = ?, attempts = ?, last_status = ?, due = ? WHERE number = ?",
            state, event.attempts + 1, status, due, event.number,
        )  # fmt: skip

    def to_json(self) -> list[dict[str, Any]]:
        statement = "SELECT id, event_type AS eventType, subject, state, attempts, last_status AS lastStatus FROM events ORDER BY number"
        return [dict(row) for row in self._database.rows(statement)]
