"""Events on their way, in a queue that outlives the process.

Written inside the transaction of what happened, so that an event is queued if and only if its cause is stored. The filter is asked when
an event is published, the schema when it is sent. States: pending; delivered; dead, which is or will be a dead letter; dropped."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from devkit.cloud import times
from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.chaos import Chaos
from devkit.cloud.eventgrid.subscription import Subscription

LOST = "LostOnPurpose"  # the reason of what `chaos` drops

Ended = Literal["dead", "dropped"]


@dataclass(frozen=True, slots=True)
class Queued:
    number: int
    id: str
    body: str  # in the Event Grid schema
    attempts: int
    published: float
    attempted: float | None
    outcome: str | None
    reason: str | None

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class EventQueue:
    def __init__(self, database: Database, clock: Clock, subscription: Subscription, chaos: Chaos) -> None:
        self._database = database
        self._clock = clock
        self._subscription = subscription
        self._chaos = chaos
        self.on_published: Callable[[], None] = lambda: None

    def publish(self, event: Mapping[str, Any]) -> None:
        """Nothing is kept for a subscription that comes later, or for one whose handshake has failed."""
        wanted = self._subscription.matching
        if wanted is None or not wanted.filter.matches(event):
            return
        now, number = self._clock.now(), self._next_number()
        fate, body = self._chaos.now.fate(number), json.dumps(event)
        names = tuple(str(event.get(name, "")) for name in ("id", "eventType", "subject"))
        statement = """INSERT INTO deliveries (number, id, event_type, subject, body, published, due, state, reason, twin, delayed)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        if not fate.delays:
            self._database.run(statement, number, *names, body, now, None, "dropped", LOST, 0, 0)
        for copy, delay in enumerate(fate.delays):
            self._database.run(statement, number + copy, *names, body, now, now + delay, "pending", None, copy, int(delay > 0))
        self.on_published()

    def due(self, state: Literal["pending", "dead"], now: float, count: int) -> list[Queued]:
        """The most urgent first."""
        statement = "SELECT * FROM deliveries WHERE state = ? AND due IS NOT NULL AND due <= ? ORDER BY due, number LIMIT ?"
        names = ("number", "id", "body", "attempts", "published", "attempted", "outcome", "reason")
        return [Queued(*(row[name] for name in names)) for row in self._database.rows(statement, state, now, count)]

    def next_due(self, state: Literal["pending", "dead"], now: float) -> float | None:
        """The first moment after `now` at which one is."""
        row = self._database.row("SELECT min(due) AS due FROM deliveries WHERE state = ? AND due IS NOT NULL AND due > ?", state, now)
        return None if row is None else row["due"]

    def delivered(self, events: Sequence[Queued], status: int) -> None:
        """Also by a late answer, while another attempt may be under way: what ended stays as it ended."""
        for event in events:
            self._database.run(
                """UPDATE deliveries SET state = 'delivered', due = NULL, last_status = ?, outcome = 'Delivered',
                   attempts = max(attempts, ?), attempted = ? WHERE number = ? AND state = 'pending'""",
                status, event.attempts + 1, self._clock.now(), event.number,
            )  # fmt: skip

    def failed(self, event: Queued, *, status: int | None, outcome: str, due: float) -> None:
        """To be tried again. `status` is None when nobody answered."""
        self._database.run(
            """UPDATE deliveries SET attempts = ?, attempted = ?, last_status = ?, outcome = ?, due = ?
               WHERE number = ? AND state = 'pending'""",
            event.attempts + 1, self._clock.now(), status, outcome, due, event.number,
        )  # fmt: skip

    def ended(self, event: Queued, state: Ended, reason: str, due: float | None) -> None:
        """`due`: when it is to be a dead letter."""
        statement = "UPDATE deliveries SET state = ?, reason = ?, due = ? WHERE number = ? AND state IN ('pending', 'dead')"
        self._database.run(statement, state, reason, due, event.number)

    def drop_pending(self, reason: str) -> None:
        self._database.run("UPDATE deliveries SET state = 'dropped', reason = ?, due = NULL WHERE state = 'pending'", reason)

    def put_off(self, event: Queued, due: float) -> None:
        self._database.run("UPDATE deliveries SET due = ? WHERE number = ?", due, event.number)

    def written(self, events: Sequence[Queued], blob: str) -> None:
        for event in events:
            self._database.run("UPDATE deliveries SET due = NULL, blob = ? WHERE number = ?", blob, event.number)

    def to_json(self, last: int = -1) -> list[dict[str, Any]]:
        """Oldest first, of the `last` ones; `due` is the next attempt, or when a dead letter is written."""
        statement = """SELECT id, event_type AS eventType, subject, state, attempts, last_status AS lastStatus, outcome AS lastOutcome,
                       reason, blob, published, due FROM deliveries ORDER BY number DESC LIMIT ?"""
        rows = [dict(row) for row in self._database.rows(statement, last)][::-1]
        return [{**row, "published": self.moment(row["published"]), "due": self.moment(row["due"])} for row in rows]

    def counts(self) -> dict[str, int]:
        """What chance has done since the cloud's beginning."""
        statement = "SELECT sum(twin) AS doubled, sum(delayed) AS delayed, sum(reason IS ?) AS dropped FROM deliveries"
        row = self._database.row(statement, LOST)
        return {} if row is None else {name: row[name] or 0 for name in ("doubled", "delayed", "dropped")}

    def moment(self, seconds: float | None) -> str | None:
        """As the cloud's machines write it."""
        return None if seconds is None else times.rfc3339(int((seconds + self._clock.skew) * 1e9), digits=7)

    def _next_number(self) -> int:
        row = self._database.row("SELECT coalesce(max(number), 0) + 1 AS number FROM deliveries")
        assert row is not None
        return int(row["number"])
