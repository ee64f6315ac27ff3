"""A source and a target on one clock, with everything that goes wrong between them: stale reads, imports that fail, arrive broken, twice or
late, writes whose answer is lost and that land late, steps that die and are done again.

One request is one second. Whatever is random is drawn from one `Random`, which may be Hypothesis's own: then a failure shrinks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.convergence.registry import CHILDREN, Registry, below


@dataclass(frozen=True)
class Weather:
    """Shares of what goes wrong; `stale`: seconds that a read may be behind, `slow`: seconds of the longest imports."""

    stale: float = 24
    dies: float = 0.02
    lost: float = 0.02
    refused: float = 0.02
    fails: float = 0.05
    broken: float = 0.02
    twice: float = 0.1
    doubled: float = 0.05
    slow: float = 200

    @classmethod
    def calm(cls) -> "Weather":
        return cls(0, 0, 0, 0, 0, 0, 0, 0, 40)


@dataclass
class World:
    dice: Random
    weather: Weather
    faults: int = 1_000_000  # that are left: who draws them may draw all
    story: list[str] = field(default_factory=list)
    now: float = 0
    who: str = ""

    def __post_init__(self) -> None:
        self.source, self.target = Registry("source"), Registry("target")
        self.due: list[tuple[float, int, str, Callable[[], object]]] = []  # what lands by itself
        self.operations: dict[str, str] = {}  # of imports: running, ended, failed

    def tell(self, text: str) -> None:
        self.story.append(f"{self.now:6.0f} {self.who:16} {text}")

    def happens(self, share: float) -> bool:
        if not (self.faults and share > 0 and self.dice.random() < share):
            return False
        self.faults -= 1
        return True

    def see(self, registry: Registry, what: str) -> tuple[frozenset[str], dict[str, str]]:
        """As one replica answers."""
        lag = self.dice.uniform(0, self.weather.stale) if self.happens(0.3 if self.weather.stale else 0) else 0
        state = registry.at(self.now - lag)
        stale = " (stale)" if state != (registry.held, registry.tags) else ""
        self.tell(f"asks the {registry.name} for {what}{stale}")
        return state

    def later(self, seconds: float, what: str, act: Callable[[], object]) -> None:
        self.due.append((self.now + seconds, len(self.due), what, act))

    def land(self) -> None:
        for one in sorted(one for one in self.due if one[0] <= self.now):
            self.due.remove(one)
            self.who = "late"
            one[3]()
            self.tell(f"{one[2]} -> target {self.target}")

    def post(self, operation: str, letter: str) -> None:
        """An import, which reads each manifest at some time between its start and its end."""
        began, takes = self.now, 1 + self.dice.choice([4, 40, 4, self.weather.slow]) * self.dice.random()
        self.operations[operation] = "running"
        self.later(takes, f"import of {letter}", lambda: self._arrive(operation, letter, began))
        if self.happens(self.weather.twice):
            self.later(takes + self.dice.uniform(0, 100), f"import of {letter} once more", lambda: self._arrive(operation, letter, began))

    def _arrive(self, operation: str, letter: str, began: float) -> None:
        wanted = [letter, *below(letter)]
        moments = [
            self.dice.uniform(began, self.now) - (self.dice.uniform(0, self.weather.stale) if self.happens(0.3) else 0) for _ in wanted
        ]
        found = [one for one, moment in zip(wanted, moments, strict=True) if one in self.source.at(moment)[0]]
        whole = len(found) == len(wanted) and not self.happens(self.weather.fails)
        if not whole:
            found = [one for one in found if one != letter and one not in CHILDREN and self.dice.random() < 0.3]
        elif self.happens(self.weather.broken):
            found = [one for one in found if self.dice.random() < 0.5]
        if found:
            self.target.become(self.now, self.target.held | set(found), self.target.tags)
        self.operations[operation] = "ended" if whole else "failed"
