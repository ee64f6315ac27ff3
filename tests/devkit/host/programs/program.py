"""Random orchestrations, as data: what is awaited, in which shape, and what may go wrong.

The shapes are those of durable-host.md, section 4.2 and its appendix, and the ones that its table calls disagreements."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Literal

HOUR = 3600.0
SHARED = ("go", "stop")  # names of events that several steps may await


@dataclass(frozen=True, slots=True)
class Leaf:
    """One task. `attempts` above 1 means with retry; `seconds` are a timer's; an event's label is its name."""

    kind: Literal["activity", "sub", "timer", "event", "entity"]
    label: str
    attempts: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    kind: Literal["any", "all"]
    children: tuple["Task", ...]


Task = Leaf | Group


@dataclass(frozen=True, slots=True)
class Await:
    """Yield a task. `catch`: a failure is noted and the program goes on; `cancel`: timers that lost are cancelled."""

    task: Task
    catch: bool = True
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Tell an entity something, and wait for nothing."""

    label: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Await all tasks by a loop of task_any over what is still open."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Race `first`, then race the losers together with `late`, which is new."""

    first: tuple[Task, ...]
    late: Task


@dataclass(frozen=True, slots=True)
class Alone:
    """Build a compound, yield one of its children alone, then the compound."""

    child: Leaf
    rest: Leaf


Step = Await | Signal | Gather | Join | Alone


@dataclass(frozen=True, slots=True)
class Program:
    steps: tuple[Step, ...]
    generations: int = 1
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """Which programs are made. `failing`: the chance that an activity, a child or an entity fails."""

    name: str
    failing: float = 0.0
    alls: bool = True
    gathers: bool = False
    cancels: bool = False
    long_timers: bool = False
    odd: bool = False  # what section 4.2 warns of: tasks yielded anew in a compound, one event's name awaited twice

    def named(self, name: str) -> "Kind":
        return replace(self, name=name)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("no failures", gathers=True, cancels=True),
        Kind("failures, only task_any", failing=0.35, alls=False),
        Kind("failures", failing=0.35),
        Kind("loops of task_any", failing=0.35, alls=False, gathers=True),
        Kind("cancelled timers", failing=0.35, alls=False, cancels=True),
        Kind("long timers", failing=0.35, alls=False, long_timers=True),
        Kind("all", failing=0.35, gathers=True, cancels=True, long_timers=True, odd=True),
    )
}


@dataclass(slots=True)
class Maker:
    random: Random
    kind: Kind
    _numbers: Iterator[int] = field(default_factory=count)

    def program(self) -> Program:
        steps = tuple(self._step() for _ in range(self.random.randint(1, 6)))
        generations = 2 if self.random.random() < 0.1 else 1
        return Program(steps, generations, raises=self.random.random() < 0.1)

    def _step(self) -> Step:
        dice = self.random.random()
        if dice < 0.1:
            return Signal(self._label("s"))
        if self.kind.gathers and dice < 0.2:
            return Gather(self._several(1, 3))
        if self.kind.odd and dice < 0.25:
            return Join(self._several(2, 3), self._leaf())
        if self.kind.odd and dice < 0.3:
            return Alone(Leaf("activity", self._label("a")), Leaf("activity", self._label("a")))
        return Await(self._task(0), catch=self.random.random() < 0.8, cancel=self.kind.cancels and self.random.random() < 0.5)

    def _task(self, depth: int) -> Task:
        if depth == 2 or self.random.random() < 0.55:
            return self._leaf()
        group: Literal["any", "all"] = "all" if self.kind.alls and self.random.random() < 0.5 else "any"
        return Group(group, self._several(1, 4, depth + 1))

    def _several(self, least: int, most: int, depth: int = 2) -> tuple[Task, ...]:
        return tuple(self._task(depth) for _ in range(self.random.randint(least, most)))

    def _leaf(self) -> Leaf:
        match self.random.choices(("activity", "retry", "sub", "sub retry", "timer", "event", "entity"), (4, 3, 2, 1, 2, 2, 1))[0]:
            case "activity":
                return Leaf("activity", self._label("a"))
            case "retry":
                return Leaf("activity", self._label("r"), attempts=self.random.randint(2, 3))
            case "sub":
                return Leaf("sub", self._label("o"))
            case "sub retry":
                return Leaf("sub", self._label("q"), attempts=2)
            case "timer":
                return self._timer()
            case "event":
                return Leaf("event", self.random.choice(SHARED) if self.kind.odd else self._label("e"))
            case _:
                return Leaf("entity", self._label("n"))

    def _timer(self) -> Leaf:
        """Each at a time of its own, which tells it from others."""
        number = next(self._numbers)
        hours = self.random.randint(150, 400) if self.kind.long_timers and self.random.random() < 0.3 else self.random.randint(0, 3)
        return Leaf("timer", f"t{number}", seconds=hours * HOUR + number / 1000)

    def _label(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"


def leaves(task: Task) -> Iterator[Leaf]:
    if isinstance(task, Leaf):
        yield task
    else:
        for child in task.children:
            yield from leaves(child)


def tasks(step: Step) -> tuple[Task, ...]:
    match step:
        case Await():
            return (step.task,)
        case Gather():
            return step.tasks
        case Join():
            return (*step.first, step.late)
        case Alone():
            return (step.child, step.rest)
        case Signal():
            return ()
