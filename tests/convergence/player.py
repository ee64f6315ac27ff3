"""The app's own orchestrations, played without the SDK: what they yield is done by the world, request by request, among all other runs."""

import heapq
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import azure.durable_functions as df

from orchestrators.converge_repository import WholeRepository
from orchestrators.publish_to_target import Publication
from orchestrators.run import StartOver
from replication.limits import Limits
from replication.outcomes import Outcome
from tests.convergence.registry import digest_of
from tests.convergence.steps import Json, Step, Steps, failure
from tests.convergence.world import World

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = Limits(
    settle=60, delete_delay=60, recheck=180, untagged_wait=60, patience=20_000, unknown_import=260, import_deadline=3000, rounds=20
)


@dataclass
class Waiting:
    """`step`: under way, or a timer until `at`; `answer`: of one who knows it at once."""

    name: str
    given: Json
    at: float = 0
    step: Step | None = None
    answer: Any = None


class Context:
    """As much of Durable's as the orchestrations use."""

    def __init__(self, world: World, instance: str) -> None:
        self._world = world
        self.instance_id = instance

    @property
    def current_utc_datetime(self) -> datetime:
        return T0 + timedelta(seconds=self._world.now)

    def set_custom_status(self, status: Json) -> None:
        self.status = status

    def create_timer(self, at: datetime) -> Waiting:
        return Waiting("timer", {}, (at - T0).total_seconds())

    def call_activity(self, name: str, given: Json) -> Waiting:
        return Waiting(name, json.loads(json.dumps(given)))

    def call_entity(self, _: df.EntityId, operation: str, given: Json) -> Waiting:
        """The waiting room, of which this world knows only that everybody is let in again."""
        return Waiting("room", {"operation": operation, **given}, answer={"go": LIMITS.probe})

    def signal_entity(self, *_: object) -> None:
        """As above."""

    def task_all(self, tasks: list[Waiting]) -> list[Waiting]:
        return tasks


@dataclass(order=True)
class Run:
    """One target's part of an event, from its delivery on."""

    due: float
    number: int
    what: str = field(compare=False)
    playing: Generator[Any, Any, Outcome] = field(compare=False)
    waits: Waiting | None = field(compare=False, default=None)
    outcome: Outcome | None = field(compare=False, default=None)


def publication(context: Context, given: Json) -> Generator[Any, Any, Outcome]:
    """`publish_to_target` or `converge_repository`, from generation to generation."""
    kind = Publication if given["work"]["digest"] is not None else WholeRepository
    while True:
        one = kind(cast(df.DurableOrchestrationContext, context), given)
        try:
            outcome: Outcome = yield from one.steps()
        except StartOver:
            kept = one.kept() if isinstance(one, WholeRepository) else {"progress": one.kept()}
            given = json.loads(json.dumps({**given, **kept}))
        else:
            return outcome


class Player:
    """All runs there are. `play` takes one request of one of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._steps = Steps(world)
        self._asleep: list[Run] = []
        self.awake: list[Run] = []
        self.ended: list[Run] = []
        self._count = 0

    def start(self, action: str, letter: str | None, tag: str | None, after: float = 0) -> None:
        self._count += 1
        what = f"{self._count}:{action} {f'{tag}=' if tag else ''}{letter or 'repository'}"
        delay = LIMITS.delete_delay if action == "delete" else 0
        run = Run(self._world.now + after + delay, self._count, what, self._begun(action, letter, tag, what))
        heapq.heappush(self._asleep, run)

    def _begun(self, action: str, letter: str | None, tag: str | None, what: str) -> Generator[Any, Any, Outcome]:
        """Its clock begins when it is first played."""
        named = {
            "target": "china",
            "repository": "team/app",
            "tag": tag,
            "digest": letter and digest_of(letter),
            "removing": action == "delete",
        }
        began = T0 + timedelta(seconds=self._world.now)
        given = {"work": named, "limits": LIMITS.to_json(), "began": began.isoformat()}
        return (yield from publication(Context(self._world, what), given))

    @property
    def quiet(self) -> bool:
        return not (self._asleep or self.awake or self._world.due)

    def next_due(self) -> float:
        return min([run.due for run in self._asleep[:1]] + [one[0] for one in self._world.due], default=self._world.now)

    def wake(self) -> None:
        while self._asleep and self._asleep[0].due <= self._world.now:
            self.awake.append(heapq.heappop(self._asleep))
        self._world.land()

    def play(self, run: Run) -> None:
        self._world.who = run.what
        if run.waits is None or run.waits.name in ("timer", "room"):
            self._go_on(run, None if run.waits is None else run.waits.answer)
        else:
            self._step(run, run.waits)

    def _step(self, run: Run, waits: Waiting) -> None:
        world = self._world
        if waits.step is None:
            if world.happens(world.weather.refused):
                self._go_on(run, failure("transient", "unreachable"))
                return
            waits.step = self._steps.begin(waits.name, waits.given)
        elif world.happens(world.weather.dies):
            world.tell(f"dies in {waits.name}")
            if world.dice.random() < 0.5:
                next(waits.step, None)
            waits.step = None
            return
        try:
            next(waits.step)
        except StopIteration as ended:
            self._go_on(run, ended.value)

    def _go_on(self, run: Run, answer: Any) -> None:
        try:
            asked = run.playing.send(answer)
        except StopIteration as ended:
            run.outcome = ended.value
            self.awake.remove(run)
            self.ended.append(run)
            self._world.tell(f"ends: {run.outcome}")
            return
        assert isinstance(asked, Waiting), asked
        run.waits = asked
        if asked.name == "timer":
            self.awake.remove(run)
            run.due = asked.at
            heapq.heappush(self._asleep, run)
