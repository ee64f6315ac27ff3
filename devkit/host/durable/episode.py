"""One episode: take an instance's messages, let the orchestrator replay, and commit all that follows in one transaction.

Source: DurableTask.Core, TaskOrchestrationDispatcher; "Durable orchestrations", reliability."""

import json
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from devkit.host.clock import Clock, stamp
from devkit.host.durable import tracing
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.disagreements import Warned
from devkit.host.durable.ending import control, end, give_up
from devkit.host.durable.instances import history_of, started
from devkit.host.durable.messages import CONTROL, FINISHED, Event, Kind, event, task_of
from devkit.host.durable.orchestrator import State, ask
from devkit.host.durable.outgoing import Outgoing
from devkit.host.durable.replay import Mismatch
from devkit.host.durable.rows import FIRST, Activity, Instance, Message
from devkit.host.durable.store import Store
from devkit.host.durable.trouble import Damaged
from devkit.host.durable.unkind import Unkind
from devkit.host.durable.verdict import Verdict, failed, judge, refused
from devkit.host.settings import HostConfig
from devkit.host.spans import Spans
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
LONGEST_REST = 1.0  # seconds
BATCH = 10_000  # messages; Azure takes 32 from a queue at a time, but what a wide fan-out answers would be replayed a hundred times so


@dataclass(slots=True)
class Episode:
    """An instance with what this episode has added to its history, which held `length` events before; and the rows of the activities that
    it scheduled."""

    instance: Instance
    now: datetime
    length: int
    fresh: Sequence[str]  # what has arrived, as it is kept
    above: str | None  # the traceparent of the span that started the instance
    activities: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one: the rows of the activities that it scheduled, whether messages are left that were there before, whether the
    instance has ended, and for how many seconds it should rest."""

    activities: Sequence[int] = ()
    again: bool = False
    ended: bool = False
    rest: float = 0.0
    ahead: Sequence[Activity] = ()  # begun before a commit that was lost


@dataclass(frozen=True, slots=True)
class Episodes:
    store: Store
    commits: Commits
    worker: Worker
    catalogue: Catalogue
    clock: Clock
    config: HostConfig
    spans: Spans
    unkind: Unkind | None = None
    warned: Warned = field(default_factory=Warned)

    async def run(self, id: str) -> Turn:
        """What comes during the turn is none of its business: each commit tells the agenda of the messages in it."""
        instance = self.store.instance(id)
        suspended = instance is not None and instance.status == "Suspended"
        try:
            messages = self.store.inbox(id, self.clock.now(), BATCH, controls_only=suspended)
            if self.unkind is not None:
                messages = self.unkind.shuffled(id, messages)
            if messages and instance is not None and not instance.ended:
                return await self._step(instance, messages)
        except Damaged as damage:
            log.error("%s: %s", id, damage)
            await self.commits.insist("damaged", partial(give_up, self.store, id, str(damage), self.clock.now()))
            return Turn(ended=True)
        if messages:
            await self._drop(messages)
        return Turn(again=len(messages) == BATCH, ended=instance is None or instance.ended)

    async def _step(self, instance: Instance, messages: list[Message]) -> Turn:
        began_at = time.monotonic()
        id, now, again = instance.id, self.clock.now(), len(messages) == BATCH
        texts = self.store.history(id)
        if message := next((each for each in messages if each.event["EventType"] in CONTROL), None):
            ended = await self.commits.insist("controlled", partial(control, self.store, instance, message, now, len(texts)))
            if ended is not None and self.spans.on:
                self.spans.write(
                    [tracing.orchestration(ended, first_of([*history_of(texts[:2]), *(each.event for each in messages)]), now)]
                )
            return Turn(again=True, ended=not self.store.runs(id, instance.execution))
        versions = self.config.versions
        if versions.on_mismatch == "Reject" and not versions.admit(instance.version):
            log.warning("%s is not run: %s", id, versions.rejection(instance.version))
            return Turn()
        old = history_of(texts)
        taken = accepted(instance, old, messages)
        if not taken:
            await self._drop(messages)
            return Turn(again=again)
        began = event(Kind.ORCHESTRATOR_STARTED, now)
        fresh, fresh_texts = [began, *(each.event for each in taken)], [json.dumps(began), *(each.text for each in taken)]
        state, verdict = await self._decide(instance, [*texts, *fresh_texts], [*old, *fresh], now)
        if self.unkind is not None and (ahead := self.unkind.ahead(instance, verdict.work)):
            return Turn(again=True, ahead=ahead)
        first = first_of([*old, *fresh])
        above = (first.get("ParentTraceContext") or {}).get("TraceParent")

        def write() -> Episode | None:
            if not self.store.runs(id, instance.execution):
                return None  # purged, or purged and started anew, while the orchestrator ran
            self.store.drop(message.n for message in messages)
            episode = Episode(replace(instance), now, len(texts), fresh_texts, above)
            self._commit(episode, state, verdict)
            return episode

        if (episode := await self.commits.insist("episode", write)) is None:
            return Turn(again=True, ended=True)
        self.warned.tell(id, verdict.notes)
        if episode.instance.ended:
            self.warned.forget(id)
        if self.spans.on:
            self.spans.write(tracing.finished(instance, old, fresh))
            if episode.instance.ended:
                self.spans.write([tracing.orchestration(episode.instance, first, now)])
        fruitless = not verdict.work and not episode.instance.ended and verdict.restart is None
        rest = min(time.monotonic() - began_at, LONGEST_REST) if fruitless else 0.0
        return Turn(episode.activities, again, episode.instance.ended, rest)

    async def _drop(self, messages: list[Message]) -> None:
        await self.commits.insist("dropped", lambda: self.store.drop(message.n for message in messages))

    async def _decide(self, instance: Instance, texts: Sequence[str], history: Sequence[Event], now: datetime) -> tuple[State, Verdict]:
        """`texts` and `history` are the same events."""
        if not self.config.versions.admit(instance.version):
            return State(actions=None), refused(instance)
        state = await self._ask(instance, texts)
        try:
            return state, judge(self.catalogue, instance, state, history, now=now, most=self.config.actions)
        except Mismatch as mismatch:
            return State(actions=None), failed(instance, str(mismatch))

    async def _ask(self, instance: Instance, history: Sequence[str]) -> State:
        function = self.catalogue.orchestrators.get(instance.name.lower())
        if function is None:
            return State(
                actions=None,
                error=f"The app has no orchestrator {instance.name!r} any more: Azure would leave this instance Running for ever.",
            )
        return await ask(self.worker, function, instance, history)

    def _commit(self, episode: Episode, state: State, verdict: Verdict) -> None:
        instance, now = episode.instance, episode.now
        instance.custom_status = state.custom_status or instance.custom_status
        instance.updated = stamp(now)
        if verdict.restart is not None:
            self._start_over(instance, verdict, now, episode.above)
            return
        instance.status = verdict.status
        outgoing = Outgoing(self.store, instance, self.config, now)
        added = [outgoing.schedule(work) for work in verdict.work]
        if instance.ended:
            end(self.store, instance, verdict, now)
            added.append(event(Kind.EXECUTION_COMPLETED, now, OrchestrationStatus=verdict.status, Result=verdict.output))
        added.append(event(Kind.ORCHESTRATOR_COMPLETED, now))
        self.store.append_history(instance.id, episode.length, [*episode.fresh, *map(json.dumps, added)])
        self.store.put_instance(instance)
        episode.activities = outgoing.activities

    def _start_over(self, instance: Instance, verdict: Verdict, now: datetime, above: str | None) -> None:
        """Continue as new: another execution with an empty history; what arrived and was not consumed comes along."""
        self.store.clear_inbox(instance.id, instance.execution)
        self.store.clear_history(instance.id)
        instance.execution, instance.input, instance.status = uuid.uuid4().hex, verdict.restart, "Running"
        self.store.send(instance.id, instance.execution, started(instance, now, above), FIRST)
        for carried in verdict.carried:
            self.store.send(instance.id, None, carried, FIRST)
        self.store.put_instance(instance)


def first_of(history: Iterable[Event]) -> Event:
    """Its ExecutionStarted."""
    return next((each for each in history if each["EventType"] == Kind.EXECUTION_STARTED), {})


def accepted(instance: Instance, old: list[Event], messages: Iterable[Message]) -> list[Message]:
    """The messages meant for this execution, without second completions of a task."""
    ended = {task_of(each) for each in old if each["EventType"] in FINISHED}
    taken = []
    for message in messages:
        if message.execution not in (None, instance.execution):
            continue
        if message.event["EventType"] in FINISHED:
            if (task := task_of(message.event)) in ended:
                continue
            ended.add(task)
        taken.append(message)
    return taken
