"""One episode: take an instance's messages, let the orchestrator replay, and commit all that follows in one transaction.

Source: DurableTask.Core, TaskOrchestrationDispatcher; "Durable orchestrations", reliability."""

import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from devkit.host.clock import Clock, stamp
from devkit.host.durable import tracing
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.ending import control, end, give_up
from devkit.host.durable.instances import history_of, started
from devkit.host.durable.messages import CONTROL, FINISHED, Event, Kind, event, task_of
from devkit.host.durable.orchestrator import State, ask
from devkit.host.durable.outgoing import Outgoing
from devkit.host.durable.replay import Mismatch
from devkit.host.durable.rows import FIRST, Instance, Message
from devkit.host.durable.store import Store
from devkit.host.durable.trouble import Damaged
from devkit.host.durable.verdict import Verdict, failed, judge
from devkit.host.settings import HostConfig
from devkit.host.spans import Spans
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
BATCH = 10_000  # messages; Azure takes 32 from a queue at a time, but what a wide fan-out answers would be replayed a hundred times so


@dataclass(slots=True)
class Episode:
    """An instance with the events that this episode adds to its history, which holds `length` so far."""

    instance: Instance
    now: datetime
    length: int
    fresh: list[Event]
    above: str | None  # the traceparent of the span that started the instance


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one: the rows of the activities that it scheduled, whether more messages wait, whether the instance has ended."""

    activities: Sequence[int] = ()
    again: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Episodes:
    store: Store
    commits: Commits
    worker: Worker
    catalogue: Catalogue
    clock: Clock
    config: HostConfig
    spans: Spans

    async def run(self, id: str) -> Turn:
        instance = self.store.instance(id)
        suspended = instance is not None and instance.status == "Suspended"
        activities: Sequence[int] = ()
        try:
            messages = self.store.inbox(id, self.clock.now(), BATCH, controls_only=suspended)
            if not messages:
                return Turn(ended=instance is None or instance.ended)
            activities = await self._step(id, instance, messages)
        except Damaged as damage:
            log.error("%s: %s", id, damage)
            await self.commits.insist("damaged", partial(give_up, self.store, id, str(damage), self.clock.now()))
        instance = self.store.instance(id)
        ended = instance is None or instance.ended
        suspended = instance is not None and instance.status == "Suspended"
        return Turn(activities, again=self.store.has_message(id, self.clock.now(), suspended), ended=ended)

    async def _step(self, id: str, instance: Instance | None, messages: list[Message]) -> Sequence[int]:
        """The rows of the activities that it scheduled."""
        now = self.clock.now()
        if instance is None or instance.ended:
            await self.commits.insist("dropped", lambda: self.store.drop(messages))
            return ()
        texts = self.store.history(id)
        if message := next((each for each in messages if each.event["EventType"] in CONTROL), None):
            await self.commits.insist("controlled", partial(control, self.store, id, message, now, len(texts)))
            return ()
        old = history_of(texts)
        fresh = accepted(instance, old, messages)
        if not fresh:
            await self.commits.insist("dropped", lambda: self.store.drop(messages))
            return ()
        fresh.insert(0, event(Kind.ORCHESTRATOR_STARTED, now))
        state = await self._ask(instance, [*texts, *map(json.dumps, fresh)])
        try:
            verdict = judge(self.catalogue, instance, state, [*old, *fresh], now)
        except Mismatch as mismatch:
            state, verdict = State(actions=None), failed(instance, str(mismatch))

        spans = tracing.finished(instance, old, fresh) if self.spans.on else []
        first: Event = next((each for each in (*old, *fresh) if each["EventType"] == Kind.EXECUTION_STARTED), {})
        above = (first.get("ParentTraceContext") or {}).get("TraceParent")

        def write() -> Sequence[int]:
            current = self.store.instance(id)
            if current is None or current.execution != instance.execution:
                return ()  # purged, or purged and started anew, while the orchestrator ran
            self.store.drop(messages)
            return self._commit(Episode(current, now, len(texts), [*fresh], above), state, verdict)

        activities = await self.commits.insist("episode", write)
        self.spans.write(spans)
        if self.spans.on and (now_is := self.store.instance(id)) is not None and now_is.ended:
            self.spans.write([tracing.orchestration(now_is, first, now)])
        return activities

    async def _ask(self, instance: Instance, history: Sequence[str]) -> State:
        function = self.catalogue.orchestrators.get(instance.name.lower())
        if function is None:
            return State(
                actions=None,
                error=f"The app has no orchestrator {instance.name!r} any more: Azure would leave this instance Running for ever.",
            )
        return await ask(self.worker, function, instance, history)

    def _commit(self, episode: Episode, state: State, verdict: Verdict) -> list[int]:
        instance, now, fresh = episode.instance, episode.now, episode.fresh
        instance.custom_status = state.custom_status or instance.custom_status
        instance.updated = stamp(now)
        if verdict.restart is not None:
            self._start_over(instance, verdict, now, episode.above)
            return []
        instance.status = verdict.status
        outgoing = Outgoing(self.store, instance, self.config, now)
        fresh += [outgoing.schedule(work) for work in verdict.work]
        if instance.ended:
            end(self.store, instance, verdict, now)
            fresh.append(event(Kind.EXECUTION_COMPLETED, now, OrchestrationStatus=verdict.status, Result=verdict.output))
        fresh.append(event(Kind.ORCHESTRATOR_COMPLETED, now))
        self.store.append_history(instance.id, episode.length, map(json.dumps, fresh))
        self.store.put_instance(instance)
        return outgoing.activities

    def _start_over(self, instance: Instance, verdict: Verdict, now: datetime, above: str | None) -> None:
        """Continue as new: another execution with an empty history; what arrived and was not consumed comes along."""
        self.store.clear_inbox(instance.id, instance.execution)
        self.store.clear_history(instance.id)
        instance.execution, instance.input, instance.status = uuid.uuid4().hex, verdict.restart, "Running"
        self.store.send(instance.id, instance.execution, started(instance, now, above), FIRST)
        for carried in verdict.carried:
            self.store.send(instance.id, None, carried, FIRST)
        self.store.put_instance(instance)


def accepted(instance: Instance, old: list[Event], messages: Iterable[Message]) -> list[Event]:
    """The messages meant for this execution, without second completions of a task."""
    ended = {task_of(each) for each in old if each["EventType"] in FINISHED}
    fresh = []
    for message in messages:
        if message.execution not in (None, instance.execution):
            continue
        if message.event["EventType"] in FINISHED:
            if (task := task_of(message.event)) in ended:
                continue
            ended.add(task)
        fresh.append(message.event)
    return fresh
