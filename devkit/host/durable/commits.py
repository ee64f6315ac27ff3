"""One transaction for all that is ready to be written at the same moment.

Each write still happens whole or not at all, and who asked for it goes on only when it is on disk; a commit costs more than the writes in
it, and what happens in one turn of the event loop shares one; so does, while many instances are at work, what happens in a few
milliseconds."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from devkit.host.durable.store import Store
from devkit.host.durable.trouble import StorageTrouble, is_of_storage, told
from devkit.host.failpoints import reach

log = logging.getLogger("devkit.host")
Result = TypeVar("Result")
GATHER = 0.004  # seconds: nothing that a replay or two by the others would not take
PAUSE = 1.0  # seconds until a write that met trouble is tried again


@dataclass(frozen=True, slots=True)
class Waiting:
    kind: str
    write: Callable[[], Any]
    written: asyncio.Future[Any]


class Commits:
    def __init__(self, store: Store, committed: Callable[[], None], crowded: Callable[[], bool]) -> None:
        """`committed` is called after each commit; `crowded` tells whether so many are at work that a commit may wait for more writes."""
        self._store = store
        self._committed = committed
        self._crowded = crowded
        self._waiting: list[Waiting] = []
        self._trouble = ""

    async def run(self, kind: str, write: Callable[[], Result]) -> Result:
        """What `write` returns, once it is committed; `kind` is its name among the fail points. Raises what it raises, or
        `StorageTrouble`: then nothing of it was written."""
        loop = asyncio.get_running_loop()
        if not self._waiting and self._crowded():
            loop.call_later(GATHER, self.flush)
        elif not self._waiting:
            loop.call_soon(self.flush)
        self._waiting.append(Waiting(kind, write, loop.create_future()))
        result: Result = await self._waiting[-1].written
        return result

    async def insist(self, kind: str, write: Callable[[], Result]) -> Result:
        """The same for the host's own work, which waits until the database can be written: `write` may be called several times."""
        while True:
            try:
                return await self.run(kind, write)
            except StorageTrouble:
                await asyncio.sleep(PAUSE)

    def note(self, trouble: str) -> None:
        """Empty: none any more. Said once, however many wait."""
        if trouble and trouble != self._trouble:
            log.error("%s Instances pause until then, and go on by themselves; requests that write are answered 500.", trouble)
        elif self._trouble and not trouble:
            log.warning("the database can be written again: instances go on")
        self._trouble = trouble

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        kinds = [each.kind for each in waiting]
        reach("before_commit", *kinds)
        try:
            outcomes = self._written(waiting, kinds)
            reach("after_commit", *kinds)
            self.note("")
        except Exception as error:
            outcomes = [self._trouble_of(error)] * len(waiting)
        for each, outcome in zip(waiting, outcomes, strict=True):
            if each.written.cancelled():
                continue
            if isinstance(outcome, Exception):
                each.written.set_exception(outcome)
            else:
                each.written.set_result(outcome)
        self._committed()

    def _written(self, waiting: list[Waiting], kinds: list[str]) -> list[Any]:
        """What each write came to. A write seldom fails, so a part of its own for each is made only after one has: then all begin again."""
        try:
            with self._store.transaction():
                outcomes = [each.write() for each in waiting]
                reach("in_commit", *kinds)
                return outcomes
        except Exception as error:
            if is_of_storage(error):
                raise
            if len(waiting) == 1:
                return [error]
        with self._store.transaction():
            outcomes = [self._outcome(each.write) for each in waiting]
            reach("in_commit", *kinds)
        return outcomes

    def _trouble_of(self, error: Exception) -> Exception:
        if not isinstance(error, sqlite3.Error):
            return error
        self.note(text := told(error, self._store.path))
        return StorageTrouble(text)

    def _outcome(self, write: Callable[[], Any]) -> Any:
        try:
            with self._store.part():
                return write()
        except Exception as error:
            if is_of_storage(error):
                raise  # SQLite may have undone the whole transaction
            return error
