"""Event Grid, put together."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig
from devkit.cloud.database import Database
from devkit.cloud.eventgrid.chaos import Chaos
from devkit.cloud.eventgrid.deadletters import DeadLetters
from devkit.cloud.eventgrid.delivery import Delivery
from devkit.cloud.eventgrid.handshake import Handshake
from devkit.cloud.eventgrid.queue import EventQueue
from devkit.cloud.eventgrid.subscription import Subscription
from devkit.cloud.unknowns import Switches


class EventGrid:
    def __init__(self, config: CloudConfig, clock: Clock, database: Database, switches: Switches) -> None:
        subscription = Subscription(database, clock, config.event_subscription, name=config.name)
        self._clock = clock
        self.chaos = Chaos(database)
        self.queue = EventQueue(database, clock, subscription, self.chaos)
        self.dead_letters = DeadLetters(config.state / "deadletters", clock, database, queue=self.queue, subscription=subscription)
        self.handshake = Handshake(clock, subscription, topic=config.registry_id, arm_url=config.arm_url)
        self.subscription = subscription
        self.delivery = Delivery(clock, database, switches, queue=self.queue, subscription=subscription, dead_letters=self.dead_letters)
        self.queue.on_published = self.delivery.wake

    async def run(self) -> None:
        """Ends only by an error."""
        self.dead_letters.make_container()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.dead_letters.run())
            group.create_task(self.delivery.run())
            await self.handshake.perform()
            self.delivery.wake()

    async def subscribe(self, value: Mapping[str, Any]) -> None:
        """Returns once a webhook has answered its handshake, or failed to. Raises `ValueError`."""
        self.subscription.set(value)
        self.delivery.probation.lift()
        self.dead_letters.make_container()
        await self.handshake.perform()
        self.delivery.wake()

    def unsubscribe(self) -> None:
        """With the subscription go the events that it has not delivered."""
        self.subscription.set({"endpoint": None})
        self.queue.drop_pending("SubscriptionDeleted")

    def validation_routes(self) -> list[web.RouteDef]:
        """For the ARM port, without a token: whoever was sent the URL may fetch it."""
        return self.handshake.routes(self.delivery.wake)

    def to_json(self) -> dict[str, Any]:
        """The subscription, without secrets."""
        until, now = self.delivery.probation.until, self._clock.now()
        return self.subscription.to_json() | ({"probationUntil": self.queue.moment(until)} if until > now else {})
