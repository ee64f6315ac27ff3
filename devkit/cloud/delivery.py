"""Event Grid's delivery: up to eight events at once, so in no order, each at least once, retried by the documented schedule.

Source: "Event Grid message delivery and retry". Only 200 to 204 is success; a webhook's 400, 401 and 413 are final, other answers are
retried after the pause the schedule and the status ask for, until 30 attempts or a day. Pauses are by the cloud's clock; jitter is
left out. So is the validation handshake: an `azurefunction` destination, which ours stands for, has none."""

import asyncio
import logging
from itertools import chain, repeat
from typing import Literal

import aiohttp

from devkit.cloud.clock import Clock
from devkit.cloud.events import EventQueue, Queued

SCHEDULE = (10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600)  # then every 12 hours
LEAST_PAUSE = {403: 300, 404: 300, 408: 120, 503: 30}
FINAL = {400, 401, 413}
ATTEMPTS = 30
TIME_TO_LIVE = 86_400
AT_ONCE = 8
ANSWER_WITHIN = aiohttp.ClientTimeout(total=30)

log = logging.getLogger("devkit.cloud")


class Delivery:
    def __init__(self, queue: EventQueue, subscription: str, clock: Clock) -> None:
        self._queue = queue
        self._subscription = subscription
        self._clock = clock
        self._changed = asyncio.Event()
        self._busy: set[int] = set()

    def wake(self) -> None:
        """Something was queued, or the endpoint is another."""
        self._changed.set()

    async def run(self) -> None:
        async with aiohttp.ClientSession(timeout=ANSWER_WITHIN) as session, asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                due = None
                for event in self._waiting():
                    if event.due > self._clock.now():
                        due = event.due
                        break
                    self._busy.add(event.number)
                    group.create_task(self._deliver(session, event))
                await self._woken(due)

    async def _woken(self, due: float | None) -> None:
        """Until there may be something to do: at `due` by the clock, or something has changed."""
        tasks = [asyncio.create_task(self._changed.wait())]
        if due is not None:
            tasks.append(asyncio.create_task(self._clock.reached(due)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _waiting(self) -> list[Queued]:
        if self._queue.endpoint is None:
            return []
        idle = [event for event in self._queue.pending() if event.number not in self._busy]
        return idle[: AT_ONCE - len(self._busy)]

    async def _deliver(self, session: aiohttp.ClientSession, event: Queued) -> None:
        status = await self._post(session, event)
        attempts, age = event.attempts + 1, self._clock.now() - event.published
        state: Literal["delivered", "dead", "pending"] = "pending"
        if status is not None and 200 <= status <= 204:
            state = "delivered"
        elif status in FINAL or attempts >= ATTEMPTS or age >= TIME_TO_LIVE:
            state = "dead"
        pause = max(next(chain(SCHEDULE[event.attempts :], repeat(43_200))), LEAST_PAUSE.get(status or 0, 0))
        self._queue.attempted(event, state=state, status=status, due=self._clock.now() + pause)
        self._busy.discard(event.number)
        log.info("event %s %s after attempt %d: %s", event.id, state, attempts, status or "no answer")
        self.wake()

    async def _post(self, session: aiohttp.ClientSession, event: Queued) -> int | None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "aeg-event-type": "Notification",
            "aeg-subscription-name": self._subscription.upper(),
            "aeg-delivery-count": str(event.attempts),
            "aeg-data-version": "1.0",
            "aeg-metadata-version": "1",
            "aeg-output-event-id": event.id,
        }
        endpoint = self._queue.endpoint
        if endpoint is None:
            return None
        try:
            async with session.post(endpoint, data=event.body.encode(), headers=headers, allow_redirects=False) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
