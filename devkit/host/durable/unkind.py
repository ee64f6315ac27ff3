"""Unkindness of the real world, on demand: what Azure may do to an app, and one process with whole commits never would.

Each draw depends on the seed, on the instance's id and task, and on how often it was drawn before: with the same seed, an instance of the
same id fares alike, whatever else runs. Source: "Reliability" in "Activity functions" (at least once); TaskOrchestrationDispatcher in
DurableTask.Core, which sends messages before it commits."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from devkit.host.clock import Clock, moment_of, stamp
from devkit.host.durable import trace
from devkit.host.durable.messages import FINISHED, Event, Kind, task_of
from devkit.host.durable.replay import Work
from devkit.host.durable.rows import AT_ONCE, FIRST, Activity, Instance, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkindness:
    """What is asked for. `twice` and `uncommitted` are probabilities, `delay` is in seconds of the host's clock."""

    twice: float = 0.0  # a finished activity runs again, after its first run or beside it; the completion that comes second is dropped
    delay: float = 0.0  # completions, timers and events reach their orchestration up to so much later, each by another time
    reorder: bool = False  # what waits for an instance at the same moment comes in any order
    uncommitted: float = 0.0  # an episode's activities begin, its commit is lost, and it runs again: they run twice with the same ids
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> "Unkindness":
        """`twice=0.1,delay=2,reorder,uncommitted=0.05`. Raises `ValueError` with a sentence."""
        given: dict[str, float | bool] = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            if name == "reorder" and not value:
                given[name] = True
            elif name in ("twice", "delay", "uncommitted"):
                given[name] = _number(part, value, most=float("inf") if name == "delay" else 1.0)
            else:
                raise ValueError(f"{part!r} is no unkindness: there are twice=P, delay=SECONDS, reorder and uncommitted=P")
        return cls(**given)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return ", ".join(f"{each.name}={getattr(self, each.name):g}" for each in fields(self))


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
        """What begins a generation stays in front."""
        first = [each for each in messages if each.event["EventType"] == Kind.EXECUTION_STARTED]
        others = [each for each in messages if each.event["EventType"] != Kind.EXECUTION_STARTED]
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


def _number(part: str, text: str, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most or number == float("inf"):
        raise ValueError(f"{part!r} wants a number from 0 on" + (" to 1" if most == 1 else ""))
    return number
