"""Unkindness of the real world, on demand: what Azure may do to an app, and one process with whole commits never would.

Each draw depends on the seed, on the instance's id and task, and on how often it was drawn before: with the same seed, an instance of the
same id fares alike, whatever else runs. Source: "Reliability" in "Activity functions" (at least once); TaskOrchestrationDispatcher in
DurableTask.Core, which sends messages before it commits."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from devkit.host.clock import Clock, moment_of, stamp
from devkit.host.durable import trace
from devkit.host.durable.messages import CONTROL, FINISHED, Event, Kind, task_of
from devkit.host.durable.replay import Work
from devkit.host.durable.rows import AT_ONCE, FIRST, Activity, Instance, Message
from devkit.host.unkindness import Unkindness

IN_ORDER = {Kind.EXECUTION_STARTED, *CONTROL}


class Unkind:
    """Does it."""

    def __init__(self, asked: Unkindness, clock: Clock) -> None:
        self._asked = asked
        self._clock = clock
        self._draws: Counter[str] = Counter()
        self._lost: set[tuple[str, int]] = set()  # execution and first task of the episodes whose commit was lost already

    def doubles(self, row: Activity) -> bool:
        return self._chance(self._asked.twice, f"twice/{row.id}/{row.task}")

    def beside(self, row: Activity) -> bool:
        """Whether the two runs are at the same time, as after a lost lease; else the second follows the first."""
        return self._chance(0.5, f"beside/{row.id}/{row.task}")

    def visible(self, id: str, event: Event, visible: str) -> str:
        """From when on a message is to be seen. What begins, steers or asks an entity is on time: those Azure keeps in order."""
        kind = event["EventType"]
        if not self._asked.delay or visible == FIRST or id.startswith("@") or (kind not in FINISHED and kind != Kind.EVENT_RAISED):
            return visible
        what = task_of(event) if kind in FINISHED else event["Name"]
        late = timedelta(seconds=self._asked.delay * self._random(f"delay/{id}/{kind}/{what}").random())
        return stamp((self._clock.now() if visible == AT_ONCE else moment_of(visible)) + late)

    def shuffled(self, id: str, messages: Sequence[Message]) -> list[Message]:
        """What begins a generation stays in front, and what steers one in its order: suspended last, it would rest for ever."""
        first = [each for each in messages if each.event["EventType"] in IN_ORDER]
        others = [each for each in messages if each.event["EventType"] not in IN_ORDER]
        if self._asked.reorder:
            self._random(f"reorder/{id}").shuffle(others)
        return [*first, *others]

    def ahead(self, instance: Instance, work: Iterable[Work]) -> list[Activity]:
        """The activities that begin although their episode's commit is lost, each episode's once at most; none: it is not lost."""
        scheduled = [each for each in work if each.kind == Kind.TASK_SCHEDULED]
        if not scheduled or (episode := (instance.execution, scheduled[0].number)) in self._lost:
            return []
        if not self._chance(self._asked.uncommitted, f"uncommitted/{instance.id}/{scheduled[0].number}"):
            return []
        self._lost.add(episode)
        return [
            Activity(
                n=0,
                id=instance.id,
                execution=instance.execution,
                task=each.number,
                name=each.name,
                input=each.input,
                trace=trace.child(instance.trace, instance.execution, each.number),
            )
            for each in scheduled
        ]

    def _chance(self, probability: float, key: str) -> bool:
        return probability > 0 and self._random(key).random() < probability

    def _random(self, key: str) -> random.Random:
        self._draws[key] += 1
        return random.Random(f"{self._asked.seed}/{key}/{self._draws[key]}")  # noqa: S311 - nobody guesses it
