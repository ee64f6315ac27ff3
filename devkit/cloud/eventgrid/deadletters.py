"""Dead letters: a folder in the layout of the blobs that Event Grid writes (acr.md 1.4 [D]; docs: event-grid, manage-event-delivery).

`<state>/deadletters/<container>/<SUBSCRIPTION>/<year>/<month>/<day>/<hour>/<guid>.json`, in UTC and without leading zeros; each file is an
array of events with what became of them. Written five minutes after the last attempt; a container that is gone loses them at once, one
that cannot be written to after four hours."""

import json
import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devkit.cloud.clock import Clock
from devkit.cloud.config.events import EventSubscription
from devkit.cloud.database import Database
from devkit.cloud.eventgrid import wire
from devkit.cloud.eventgrid.queue import EventQueue, Queued
from devkit.cloud.eventgrid.subscription import Subscription
from devkit.cloud.eventgrid.waker import Waker

AFTER, GIVE_UP_AFTER, AGAIN_AFTER = 300, 4 * 3_600, 60  # seconds
MOST_PER_BLOB = 1_000  # how many is not published: one or more

log = logging.getLogger("devkit.cloud")


class DeadLetters:
    def __init__(self, folder: Path, clock: Clock, database: Database, *, queue: EventQueue, subscription: Subscription) -> None:
        self._folder = folder
        self._clock = clock
        self._database = database
        self._queue = queue
        self._subscription = subscription
        self._waker = Waker(clock)

    def wake(self) -> None:
        self._waker.wake()

    def due_after(self, attempted: float) -> float:
        return attempted + AFTER

    def make_container(self) -> None:
        """Of the subscription in force: as who subscribes has made it before."""
        settings = self._subscription.settings
        if settings is not None and settings.dead_letter_container is not None:
            (self._folder / settings.dead_letter_container).mkdir(parents=True, exist_ok=True)

    async def run(self) -> None:
        while True:
            self._waker.rest()
            while events := self._queue.due("dead", self._clock.now(), MOST_PER_BLOB):
                self._bury(events)
            await self._waker.woken(self._queue.next_due("dead", self._clock.now()))

    def to_json(self) -> list[dict[str, Any]]:
        """Each blob and its events, by name."""
        return [
            {"blob": str(path.relative_to(self._folder)), "events": json.loads(path.read_text())}
            for path in sorted(self._folder.rglob("*.json"))
        ]

    def _bury(self, events: Sequence[Queued]) -> None:
        settings, now = self._subscription.settings, self._clock.now()
        try:
            if settings is None or settings.dead_letter_container is None:
                raise FileNotFoundError
            blob = self._write(settings, settings.dead_letter_container, events)
        except FileNotFoundError:
            log.warning("%d events are dropped: there is no container for dead letters", len(events))
            lost, kept = list(events), []
        except OSError as error:
            log.warning("dead letters cannot be written: %s", error.strerror)
            lost = [event for event in events if now - (event.attempted or now) >= GIVE_UP_AFTER]
            kept = [event for event in events if event not in lost]
        else:
            with self._database.transaction():
                self._queue.written(events, blob)
            return
        with self._database.transaction():
            for event in lost:
                self._queue.ended(event, "dropped", event.reason or "", None)
            for event in kept:
                self._queue.put_off(event, now + AGAIN_AFTER)

    def _write(self, settings: EventSubscription, container: str, events: Sequence[Queued]) -> str:
        """The blob's name with its container. Raises `OSError`."""
        at = datetime.fromtimestamp(self._clock.wall(), UTC)
        name = f"{settings.name.upper()}/{at.year}/{at.month}/{at.day}/{at.hour}/{uuid.uuid4()}.json"
        if not (self._folder / container).is_dir():
            raise FileNotFoundError
        path = self._folder / container / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps([self._letter(event, settings) for event in events]))
        partial.rename(path)
        return f"{container}/{name}"

    def _letter(self, event: Queued, settings: EventSubscription) -> dict[str, Any]:
        members = {
            "deadLetterReason": event.reason,
            "deliveryAttempts": event.attempts,
            "lastDeliveryOutcome": event.outcome,
            "publishTime": self._queue.moment(event.published),
            "lastDeliveryAttemptTime": self._queue.moment(event.attempted),
        }
        if settings.schema == "CloudEventSchemaV1_0":
            members = {name.lower(): value for name, value in members.items()}
        return {**wire.in_schema(event.event, settings.schema), **members}
