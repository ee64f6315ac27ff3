"""The engine's heart: who is due now runs now; else sleep until a commit wakes us or the next message becomes visible. No polling."""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from devkit.host.clock import Clock
from devkit.host.durable.activity import run_activity
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.episode import Episodes
from devkit.host.durable.instances import Instances
from devkit.host.durable.store import Store
from devkit.host.settings import HostConfig
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
PAUSE_AFTER_ERROR = 1.0  # seconds; an error here is the host's own, and the messages stay


class Engine:
    def __init__(self, file: Path, worker: Worker, clock: Clock, config: HostConfig) -> None:
        self._store = Store(file)
        self._worker = worker
        self._clock = clock
        self._config = config
        self._catalogue = Catalogue(worker)
        self._wake = asyncio.Event()
        self._episodes = Episodes(self._store, worker, self._catalogue, clock, config)
        self._active: set[str] = set()  # instances in an episode: one at a time for each
        self._waiting: deque[int] = deque()  # activity rows that wait for a free place
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: dict[str, asyncio.Event] = {}
        self.instances = Instances(self._store, self._catalogue, clock, config.default_version, self._wake.set)

    async def run(self) -> None:
        """For ever. Activities that were under way when the last process ended run again."""
        self._waiting.extend(self._store.activities())
        while True:
            self._wake.clear()
            now = self._clock.now()
            for id in self._store.due(now):
                if id not in self._active and len(self._active) < self._config.orchestrators:
                    self._active.add(id)
                    self._spawn(self._episode(id))
            while self._waiting and self._running < self._config.activities:
                self._running += 1
                self._spawn(self._activity(self._waiting.popleft()))
            await self._clock.wait(self._wake, self._store.next_time(now))

    async def close(self) -> None:
        """Abandon what runs: whatever has not committed runs again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.close()

    async def ended(self, id: str, seconds: float) -> bool:
        """Wait until the instance has ended. False when it has not within `seconds`."""
        until = self._clock.after(seconds)
        while not self.instances.get(id).ended:
            if not await self._clock.wait(self._watched.setdefault(id, asyncio.Event()), until):
                return False
        return True

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _episode(self, id: str) -> None:
        try:
            self._waiting.extend(await self._episodes.run(id))
            if (instance := self._store.instance(id)) is None or instance.ended:
                self._watched.pop(id, asyncio.Event()).set()
        except Exception:
            log.exception("an episode of %s broke in the host; it is tried again", id)
            await self._clock.sleep(PAUSE_AFTER_ERROR)
        finally:
            self._active.discard(id)
            self._wake.set()

    async def _activity(self, n: int) -> None:
        try:
            await run_activity(n, self._store, self._worker, self._catalogue, self._clock)
        except Exception:
            log.exception("an activity broke in the host; it is tried again")
            await self._clock.sleep(PAUSE_AFTER_ERROR)
            self._waiting.append(n)
        finally:
            self._running -= 1
            self._wake.set()
