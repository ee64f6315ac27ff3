"""Who waits at a target, or at the source, and who is to try again: a breaker that is kept in durable state. It wakes nobody itself.

Of those who are refused at one step for one reason, one tries at a time. When it is let through, all of them go, spread over a minute.
Whatever is lost on the way (a message, the prober, a run that ends) costs time alone: a run asks again by itself, now and then."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

MOST = 1000  # runs that are listed; those beyond look in now and then
LEASE = 4  # probes: for so long after the time that it told, a prober that is not heard of is believed alive
SPREAD = 2  # probes: the time over which those who waited set out, a minute
APART = 0.6  # seconds between two of them, where there are few
REMEMBERED = 86_400.0  # seconds


@dataclass(slots=True)
class Waiter:
    """`event`: what wakes it. `tried`: when it was refused last, in seconds since 1970."""

    event: str
    group: str
    tried: float


@dataclass(slots=True)
class WaitingRoom:
    """`who`: by run, those who came first in front. `trials`: the group for which a run that was woken tries. `passed`: when one of a
    group was let through last. `prober`: the number of the only one that is heeded; `until`: when it counts as dead, None: there is none.
    `next`: when somebody tries next. `turns`: until when the turns of late comers are given. No secret and no address is in it."""

    who: dict[str, Waiter] = field(default_factory=dict)
    trials: dict[str, str] = field(default_factory=dict)
    passed: dict[str, float] = field(default_factory=dict)
    prober: int = 0
    until: float | None = None
    next: float | None = None
    turns: float = 0

    def enter(self, run: str, event: str, group: str, *, tried: float, now: float, probe: float) -> dict[str, Any]:
        """`{go}`, the seconds after which to try again, where the group has been let through since; else `{next, start?}`: when somebody
        tries next, and the number of the prober that is to be started. Once more for a run that waits already: by another event."""
        self.leave(run)
        if self.passed.get(group, 0) > tried:
            self.turns = max(self.turns, now)
            turn, self.turns = min(self.turns - now, SPREAD * probe), self.turns + SPREAD * probe / 100
            return {"go": round(turn, 3)}
        if len(self.who) < MOST:
            self.who[run] = Waiter(event, group, tried)
        if self.until is not None and self.until >= now:
            return {"next": self.next}
        self.prober, self.next, self.until = self.prober + 1, now + probe, now + LEASE * probe
        return {"next": self.next, "start": self.prober}

    def leave(self, run: str) -> None:
        """It has ended, or has tried in vain."""
        self.who.pop(run, None)
        self.trials = {group: one for group, one in self.trials.items() if one != run}

    def let_through(self, group: str, now: float) -> None:
        self.passed[group] = now
        self.trials.pop(group, None)

    def told(self, woken: Iterable[tuple[str, str]]) -> None:
        """Runs, with the events that they were woken by: who has come back meanwhile waits for another one."""
        for run, event in woken:
            if run in self.who and self.who[run].event == event:
                del self.who[run]

    def news(self, prober: int, *, now: float, next_probe: float, probe: float) -> dict[str, Any]:
        """`{wake: [{run, event, after}], open}`: who may go, after how many seconds; and whether one who tries has not told yet. `{over}`:
        this prober is not needed."""
        if prober != self.prober or self.until is None:
            return {"over": True}
        if not self.who and not self.trials:
            self.until = self.next = None
            return {"over": True}
        self.until, self.next = next_probe + LEASE * probe, next_probe
        self.passed = {group: at for group, at in self.passed.items() if now - at < REMEMBERED}
        going = [run for run, one in self.who.items() if self._may_go(one)]
        apart = min(APART, SPREAD * probe / max(1, len(going)))
        wake = [{"run": run, "event": self.who[run].event, "after": round(place * apart, 3)} for place, run in enumerate(going)]
        return {"wake": wake, "open": bool(self.trials)}

    def probe(self, prober: int, *, now: float, next_probe: float, probe: float) -> dict[str, Any]:
        """As `news`, and of each group the one who has waited longest tries, at once (`trial`). One who was to try and never told is not
        waited for any longer."""
        if prober == self.prober:
            self.trials = {}
        answer = self.news(prober, now=now, next_probe=next_probe, probe=probe)
        if "over" in answer:
            return answer
        for run, one in self.who.items():
            if one.group not in self.trials and not self._may_go(one):
                self.trials[one.group] = run
        trials = [{"run": run, "event": self.who[run].event, "after": 0, "trial": group} for group, run in self.trials.items()]
        return {"wake": [*answer["wake"], *trials], "open": bool(trials)}

    def _may_go(self, one: Waiter) -> bool:
        return self.passed.get(one.group, 0) > one.tried

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> Self:
        if value is None:
            return cls()
        return cls(**value | {"who": {run: Waiter(**one) for run, one in value["who"].items()}})
