"""The engine's heart: who is due now runs now; else it sleeps until a commit wakes it or the next message becomes visible. No polling."""

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from devkit.host.clock import Clock
from devkit.host.durable.activity import Activities
from devkit.host.durable.agenda import Agenda
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.entities import Entities, is_entity
from devkit.host.durable.episode import Episodes
from devkit.host.durable.instances import Instances
from devkit.host.durable.lanes import Lanes
from devkit.host.durable.store import Store
from devkit.host.durable.trouble import told
from devkit.host.durable.unkind import Unkind
from devkit.host.settings import HostConfig
from devkit.host.spans import Spans
from devkit.host.unkindness import Unkindness
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
PAUSE_AFTER_ERROR = 1.0  # seconds; an error here is the host's own, and the messages stay


class Engine:
    def __init__(
        self, file: Path, worker: Worker, config: HostConfig, *, clock_scale: float, spans: Spans, unkind: Unkindness | None
    ) -> None:
        self.store = Store(file)
        clock, kept = Clock.going_on(clock_scale, self.store.setting("clock"))
        self.store.keep_setting("clock", kept)
        self.clock = clock
        self._config = config
        self._wake = asyncio.Event()
        self._agenda, self._entity_agenda = Agenda(), Agenda()
        self._lanes = Lanes()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: dict[str, asyncio.Event] = {}
        self._uncommitted: dict[str, asyncio.Event] = {}  # instances whose last commit was lost on purpose
        self.store.unkind = unkindness = None if unkind is None else Unkind(unkind, clock)
        catalogue, self._commits = Catalogue(worker), Commits(self.store, self._committed, lambda: self._agenda.crowded)
        commits = self._commits
        self._episodes = Episodes(self.store, commits, worker, catalogue, clock, config, spans, unkindness)
        self._entities = Entities(self.store, commits, worker, catalogue, clock)
        self._activities = Activities(self.store, commits, worker, catalogue, clock, spans, unkindness)
        self.instances = Instances(self.store, commits, catalogue, clock, config=config, spans=spans)
        self.entities = self._entities

    async def run(self) -> None:
        """For ever. What was under way when the last process ended runs again."""
        self._note(self.store.all_sent())
        for whose, row in self.store.activities():
            self._lanes.add(whose, [row])
        while True:
            self._wake.clear()
            now = self.clock.now()
            next_time = min(filter(None, (self._agenda.advance(now), self._entity_agenda.advance(now))), default=None)
            for agenda, places in ((self._agenda, self._config.orchestrators), (self._entity_agenda, self._config.entities)):
                while agenda.busy < places and (id := agenda.take()) is not None:
                    self._spawn(self._turn(agenda, id))
            while self._running < self._config.activities and (waiting := self._lanes.take()) is not None:
                self._running += 1
                self._spawn(self._activity(*waiting))
            await self.clock.wait(self._wake, next_time)

    async def close(self) -> None:
        """Abandon what runs: whatever has not committed runs again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._commits.flush()
        self.store.close()

    async def ended(self, id: str, seconds: float) -> bool:
        """Wait until the instance has ended. False when it has not within `seconds`."""
        until = self.clock.after(seconds)
        while not self.instances.get(id).ended:
            if not await self.clock.wait(self._watched.setdefault(id, asyncio.Event()), until):
                return False
        return True

    def setting(self, name: str) -> str | None:
        return self.store.setting(name)

    async def keep_setting(self, name: str, value: str) -> None:
        await self._commits.insist("timer", lambda: self.store.keep_setting(name, value))

    def _committed(self) -> None:
        self._note(self.store.sent())
        self._wake.set()

    def _note(self, messages: Sequence[tuple[str, str]]) -> None:
        for message in messages:
            (self._entity_agenda if is_entity(message[0]) else self._agenda).note([message])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _turn(self, agenda: Agenda, id: str) -> None:
        """One step of an instance or an entity."""
        try:
            if is_entity(id):
                again = await self._entities.run(id)
            else:
                result = await self._episodes.run(id)
                self._lanes.add(id, result.activities)
                again = result.again
                if (committed := self._uncommitted.pop(id, None)) is not None:
                    committed.set()
                for row in result.ahead:
                    self._spawn(self._activities.ahead(row, self._uncommitted.setdefault(id, asyncio.Event())))
                if result.ended:
                    self._watched.pop(id, asyncio.Event()).set()
                if result.rest:
                    agenda.rest(id)
                    self._wake.set()
                    await self.clock.pause(result.rest)
            if again:
                agenda.add(id)
        except sqlite3.Error as error:
            self._commits.note(told(error, self.store.path))
            await self.clock.pause(PAUSE_AFTER_ERROR)
            agenda.add(id)
        except Exception:
            log.exception("a step of %s broke in the host; it is tried again", id)
            await self.clock.pause(PAUSE_AFTER_ERROR)
            agenda.add(id)
        finally:
            agenda.done(id)
            self._wake.set()

    async def _activity(self, id: str, n: int) -> None:
        try:
            await self._activities.run(n)
        except sqlite3.Error as error:
            self._commits.note(told(error, self.store.path))
            await self.clock.pause(PAUSE_AFTER_ERROR)
            self._lanes.add(id, [n])
        except Exception:
            log.exception("an activity broke in the host; it is tried again")
            await self.clock.pause(PAUSE_AFTER_ERROR)
            self._lanes.add(id, [n])
        finally:
            self._running -= 1
            self._wake.set()
