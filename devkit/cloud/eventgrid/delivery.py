"""Event Grid's delivery: up to eight requests at once, so in no order, each event at least once, retried by the documented schedule.

Source: acr.md 1.4 [D]. Pauses, an event's time to live and probation are by the cloud's clock. So is the deadline of an answer, but an
endpoint is a program that answers in real time: it has thirty real seconds at least, however fast the clock is; setting the clock forward
ends them. A kill between the answer and its note leads to a second delivery, which is what at least once means."""

import asyncio
import logging
from collections.abc import Sequence

import aiohttp

from devkit.cloud.clock import Clock
from devkit.cloud.config.events import EventSubscription
from devkit.cloud.database import Database
from devkit.cloud.eventgrid import schedule, wire
from devkit.cloud.eventgrid.deadletters import DeadLetters
from devkit.cloud.eventgrid.queue import EventQueue, Queued
from devkit.cloud.eventgrid.schedule import Outcome, Probation
from devkit.cloud.eventgrid.subscription import Subscription
from devkit.cloud.eventgrid.waker import Waker
from devkit.cloud.unknowns import Switches

AT_ONCE = 8

Answer = tuple[int | None, Outcome]  # the status, None if nobody answered

log = logging.getLogger("devkit.cloud")


class Delivery:
    def __init__(
        self,
        clock: Clock,
        database: Database,
        switches: Switches,
        *,
        queue: EventQueue,
        subscription: Subscription,
        dead_letters: DeadLetters,
    ) -> None:
        self._clock = clock
        self._database = database
        self._switches = switches
        self._queue = queue
        self._subscription = subscription
        self._dead_letters = dead_letters
        self._waker = Waker(clock)
        self._busy: set[int] = set()
        self._requests = 0
        self.probation = Probation()

    def wake(self) -> None:
        """Something was queued, or the subscription is another."""
        self._waker.wake()

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)  # deadlines are by the cloud's clock
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session, asyncio.TaskGroup() as group:
            while True:
                self._waker.rest()
                due = self._begin(session, group)
                await self._waker.woken(due)

    def _begin(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> float | None:
        """Whatever may begin now does. When there will be more to do, unless something happens before."""
        settings, now = self._subscription.delivering, self._clock.now()
        if settings is None:
            return None
        if self.probation.until > now:
            return self.probation.until
        free = AT_ONCE - self._requests
        if free > 0:
            found = self._queue.due("pending", now, free * settings.most_per_batch + len(self._busy))
            living = [event for event in found if event.number not in self._busy and not self._expired(event, settings, now)]
            for batch in wire.batches(living, settings)[:free]:
                self._busy |= {event.number for event in batch}
                self._requests += 1
                group.create_task(self._deliver(session, group, batch, settings))
        return self._queue.next_due("pending", now)

    def _expired(self, event: Queued, settings: EventSubscription, now: float) -> bool:
        """Looked at only when its next attempt is due."""
        if event.attempts == 0 or now - event.published < settings.minutes_to_live * 60:
            return False
        self._end(event, settings, "TimeToLiveExceeded", event.attempted or now)
        return True

    async def _deliver(
        self, session: aiohttp.ClientSession, group: asyncio.TaskGroup, batch: Sequence[Queued], settings: EventSubscription
    ) -> None:
        began, pace = self._clock.now(), max(1.0, self._clock.scale)
        post = group.create_task(_post(session, batch, settings))
        answered = await self._clock.within(post, began + schedule.ANSWER_WITHIN * pace)
        self._note(batch, settings, post.result() if answered else (None, "TimedOut"))
        self._busy -= {event.number for event in batch}
        self._requests -= 1
        self.wake()
        if not answered and await self._clock.within(post, began + schedule.LATE_WITHIN * pace):
            status, outcome = post.result()
            if outcome == "Delivered" and status is not None:
                self._queue.delivered(batch, status)  # out of the retry queue, if no retry was faster
        post.cancel()

    def _note(self, batch: Sequence[Queued], settings: EventSubscription, answer: Answer) -> None:
        """All or none of a batch."""
        status, outcome = answer
        now = self._clock.now()
        with self._database.transaction():
            if outcome == "Delivered" and status is not None:
                self._queue.delivered(batch, status)
            else:
                for event in batch:
                    self._note_failure(event, settings, answer, now)
        if settings.probation:
            self.probation.noted(outcome, now)
        first, others = batch[0], f" and {len(batch) - 1} more" if len(batch) > 1 else ""
        log.info("event %s%s: %s in attempt %d, status %s", first.id, others, outcome, first.attempts + 1, status or "none")

    def _note_failure(self, event: Queued, settings: EventSubscription, answer: Answer, now: float) -> None:
        status, outcome = answer
        attempts = event.attempts + 1
        due = now + schedule.pause(attempts, status, settings, event.number)
        self._queue.failed(event, status=status, outcome=outcome, due=due)
        if schedule.is_final(status, settings, forbidden=self._switches.now.forbidden_delivery == "final"):
            self._end(event, settings, "Undeliverable due to client error", now)
        elif attempts >= settings.most_attempts:
            self._end(event, settings, "MaxDeliveryAttemptsExceeded", now)

    def _end(self, event: Queued, settings: EventSubscription, reason: str, attempted: float) -> None:
        """Without a container for dead letters it is dropped."""
        if settings.dead_letter_container is None:
            self._queue.ended(event, "dropped", reason, None)
        else:
            self._queue.ended(event, "dead", reason, self._dead_letters.due_after(attempted))
            self._dead_letters.wake()


async def _post(session: aiohttp.ClientSession, batch: Sequence[Queued], settings: EventSubscription) -> Answer:
    content, content_type = wire.body(batch, settings)
    headers = {**wire.notification_headers(batch, settings), "Content-Type": content_type}
    try:
        async with session.post(settings.endpoint, data=content, headers=headers, allow_redirects=False) as response:
            return response.status, schedule.outcome_of(response.status)
    except aiohttp.ClientConnectorDNSError:
        return None, "ResolutionError"
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None, "SocketError"
