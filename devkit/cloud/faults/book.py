"""The rules in force, in their order, and what became of each. Kept over a restart, counts and all."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from devkit.cloud.clock import Clock
from devkit.cloud.database import Database
from devkit.cloud.faults.rules import Rule
from devkit.cloud.kept import Kept

MOST = 1_000


@dataclass(slots=True)
class Counts:
    matched: int = 0  # calls that it could befall
    fired: int = 0
    landed: int = 0  # effects that came late, or once more; stale answers that were not the truth
    last: str | None = None  # fired, by the cloud's clock


class Book:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._kept, self._kept_counts = Kept(database, "faults", []), Kept(database, "fault-counts", {})
        self._numbers = count(1)
        self._entries: list[tuple[Rule, Counts]] = []
        counts = self._kept_counts.get()
        for one in self._kept.get():
            rule = Rule.from_json(one, otherwise="")
            self._entries.append((rule, Counts(*counts.get(rule.id, ()))))

    def __bool__(self) -> bool:
        return bool(self._entries)

    async def befalling(self, service: str, method: str, path: str, told: Callable[[Rule], Awaitable[bool]]) -> Rule | None:
        """The first rule that fires: a call suffers one fault at most, and rules behind it are not asked. `told` looks at what the request
        line does not tell, and is asked last. Not those of a body: they are settled behind all others."""
        matched = False
        try:
            for rule, counts in list(self._entries):
                if not rule.fault.of_body and rule.fits(service, method, path) and await told(rule):
                    matched = True
                    if self._fired(rule, counts):
                        return rule
            return None
        finally:
            if matched:  # once for the call: many rules of small chance may match it
                self._keep()

    async def of_body(self, service: str, method: str, path: str, told: Callable[[Rule], Awaitable[bool]]) -> list[Rule]:
        """Those that could befall the body of the answer. Nothing is counted yet."""
        entries = [rule for rule, _ in self._entries if rule.fault.of_body]
        return [rule for rule in entries if rule.fits(service, method, path) and await told(rule)]

    def befalling_body(self, rules: Sequence[Rule]) -> Rule | None:
        """The first of them that fires, now that there is a body."""
        fired = next((rule for rule, counts in self._entries if rule in rules and self._fired(rule, counts)), None)
        self._keep()
        return fired

    def befalling_import(self, image: str) -> Rule | None:
        fired = next((rule for rule, counts in self._entries if rule.fits("imports", "", image) and self._fired(rule, counts)), None)
        self._keep()
        return fired

    def landed(self, identity: str) -> None:
        """What that rule held back, if it still stands."""
        for rule, counts in self._entries:
            if rule.id == identity:
                counts.landed += 1
        self._keep()

    def add(self, given: Sequence[Any], *, instead: bool = False) -> list[dict[str, Any]]:
        """Behind those that there are, or `instead` of them. All or none. Raises `ValueError`."""
        entries = [] if instead else list(self._entries)
        for value in given:
            rule = Rule.from_json(value, otherwise=self._new_id())
            if any(rule.id == other.id for other, _ in entries):
                raise ValueError(f"there is a rule {rule.id!r} already: delete it first, or give this one another id")
            entries.append((rule, Counts()))
        if len(entries) > MOST:
            raise ValueError(f"at most {MOST} rules")
        self._entries = entries
        self._keep_rules()
        return self.to_json()

    def remove(self, identity: str) -> bool:
        before = len(self._entries)
        self._entries = [entry for entry in self._entries if entry[0].id != identity]
        self._keep_rules()
        return len(self._entries) < before

    def to_json(self) -> list[dict[str, Any]]:
        return [{**rule.to_json(), **asdict(counts)} for rule, counts in self._entries]

    def _fired(self, rule: Rule, counts: Counts) -> bool:
        counts.matched += 1
        fires = rule.fires(counts.matched, counts.fired)
        if fires:
            counts.fired, counts.last = counts.fired + 1, self._clock.text()
        return fires

    def _new_id(self) -> str:
        known = {rule.id for rule, _ in self._entries}
        return next(identity for number in self._numbers if (identity := f"fault-{number}") not in known)

    def _keep_rules(self) -> None:
        self._kept.set([rule.to_json() for rule, _ in self._entries])
        self._keep()

    def _keep(self) -> None:
        """The counts, apart from the rules: they change with each call."""
        self._kept_counts.set({rule.id: (one.matched, one.fired, one.landed, one.last) for rule, one in self._entries})
