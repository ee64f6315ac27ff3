"""Work that goes on beside the requests: imports and the delivery of events. Its failures are never silent: they end the cloud."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger("devkit.cloud")


class Background:
    def __init__(self, on_failure: Callable[[], None]) -> None:
        self.failure: BaseException | None = None  # the first
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("background work ended by an error", exc_info=error)
            self.failure = self.failure or error
            self._on_failure()
