"""One transaction for all that is ready to be written at the same moment.

Each write still happens whole or not at all, and who asked for it goes on only when it is on disk; a commit costs more than the writes in
it, and what happens in one turn of the event loop shares one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from devkit.host.durable.store import Store
from devkit.host.failpoints import reach

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Waiting:
    kind: str
    write: Callable[[], Any]
    written: asyncio.Future[Any]


class Commits:
    def __init__(self, store: Store, committed: Callable[[], None]) -> None:
        """`committed` is called after each commit."""
        self._store = store
        self._committed = committed
        self._waiting: list[Waiting] = []

    async def run(self, kind: str, write: Callable[[], Result]) -> Result:
        """What `write` returns, once it is committed; `kind` is its name among the fail points. Raises what it raises, or what the
        database says of the commit: then nothing of it was written."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self.flush)
        self._waiting.append(Waiting(kind, write, loop.create_future()))
        result: Result = await self._waiting[-1].written
        return result

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        kinds = [each.kind for each in waiting]
        reach("before_commit", *kinds)
        try:
            with self._store.transaction():
                outcomes = [self._outcome(each.write) for each in waiting]
                reach("in_commit", *kinds)
            reach("after_commit", *kinds)
        except Exception as error:
            outcomes = [error] * len(waiting)
        for each, outcome in zip(waiting, outcomes, strict=True):
            if each.written.cancelled():
                continue
            if isinstance(outcome, Exception):
                each.written.set_exception(outcome)
            else:
                each.written.set_result(outcome)
        self._committed()

    def _outcome(self, write: Callable[[], Any]) -> Any:
        try:
            with self._store.part():
                return write()
        except Exception as error:
            return error
