"""What happens in the registry, as the events that ACR publishes (acr.md 1.1 to 1.3).

Silent are untagging, moving a tag away from a digest, locks and quarantine. What is not known of deletes and imports is a switch."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from devkit.cloud.clock import Clock
from devkit.cloud.content.manifest import Manifest
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.queue import EventQueue
from devkit.cloud.unknowns import Switches

Action = Literal["push", "delete"]

KINDS: Mapping[Action, str] = {"push": "Microsoft.ContainerRegistry.ImagePushed", "delete": "Microsoft.ContainerRegistry.ImageDeleted"}


@dataclass(frozen=True, slots=True)
class Cause:
    """The request an event reports."""

    host: str
    method: str
    user_agent: str


class RegistryEvents:
    """To be called inside the transaction of what happened."""

    def __init__(self, clock: Clock, database: Database, switches: Switches, *, registry_id: str, queue: EventQueue) -> None:
        self.registry_id = registry_id
        self._clock = clock
        self._database = database
        self._switches = switches
        self._queue = queue

    def pushed(self, repository: str, manifest: Manifest, tag: str | None, cause: Cause) -> None:
        """Once for each PUT, whether or not anything changed by it. Nothing tells that a tag was moved (acr.md 1.1)."""
        size = len(manifest.content)
        target = {"mediaType": manifest.media_type, "size": size, "length": size, "digest": manifest.digest, "repository": repository}
        self._publish("push", target | ({"tag": tag} if tag else {}), cause)

    def deleted(self, repository: str, digests: Sequence[str], cause: Cause) -> None:
        """`digests`: what was asked for, then what went with it."""
        told = digests if self._switches.now.cascade_events == "each" else digests[:1]
        for digest in told:
            self._publish("delete", {"mediaType": self._media_type(repository, digest), "digest": digest, "repository": repository}, cause)

    def repository_deleted(self, repository: str, digests: Sequence[str], cause: Cause) -> None:
        if self._switches.now.repository_delete_events == "one":
            self._publish("delete", {"repository": repository}, cause)
            return
        for digest in digests:
            self._publish("delete", {"mediaType": self._media_type(repository, digest), "digest": digest, "repository": repository}, cause)

    def imported(self, repository: str, manifests: Sequence[Manifest], tags: Sequence[str], host: str) -> None:
        """Children before their index; the last is the root, which has the `tags`. An import is no request to this registry, so what
        `request` would say of it is a guess."""
        if self._switches.now.import_events == "none":
            return
        cause = Cause(host, "PUT", "")
        for manifest in manifests[:-1]:
            self.pushed(repository, manifest, None, cause)
        for tag in tags or (None,):
            self.pushed(repository, manifests[-1], tag, cause)

    def event(self, action: Action, target: Mapping[str, Any], cause: Cause) -> dict[str, Any]:
        """In the Event Grid schema. The registry's own id differs from the envelope's."""
        repository, tag = target["repository"], target.get("tag")
        request = {"id": str(uuid.uuid4()), "host": cause.host, "method": cause.method, "useragent": cause.user_agent}
        data = {
            "id": str(uuid.uuid4()),
            "timestamp": self._clock.nanoseconds_text(),
            "action": action,
            "target": dict(target),
            "request": request,
        }
        return {
            "id": str(uuid.uuid4()),
            "topic": self.registry_id,
            "subject": f"{repository}:{tag}" if tag else repository,
            "eventType": KINDS[action],
            "eventTime": self._clock.text(),
            "data": data,
            "dataVersion": "1.0",
            "metadataVersion": "1",
        }

    def _publish(self, action: Action, target: Mapping[str, Any], cause: Cause) -> None:
        self._queue.publish(self.event(action, target, cause))

    def _media_type(self, repository: str, digest: str) -> str:
        """Of a manifest that may be gone: its rows stay."""
        row = self._database.row("SELECT media_type FROM manifests WHERE repository = ? AND digest = ?", repository, digest)
        return "" if row is None else str(row["media_type"])
