"""Many runs that one target turns away, with the waiting room and its probers, on one clock; and what may get lost on the way.

Runs, probers and room are the app's own; what carries messages between them is this world's, and loses what it is told to lose."""

import heapq
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from devkit.host.durable.messages import Event, Kind, event
from orchestrators.waiting_room import OPERATIONS
from replication.limits import Limits
from replication.waitingroom import WaitingRoom
from tests.replay.play import T0, Instance
from tests.replay.shapes import IN, NEW, failed, seen, work

SYNCED = seen((NEW, True), (NEW, True))


class Crowd:
    """`mended`: seconds after which the target lets everybody in. `loses`: the share of wake-ups that get lost; `dies`: that of probers'
    episodes after which one is never heard of again; `ends`: that of runs which are terminated while they wait."""

    def __init__(self, runs: int, *, mended: float, seed: int = 0, loses: float = 0, dies: float = 0, ends: float = 0) -> None:
        self.now = T0
        self.room = WaitingRoom()
        self.tries: list[float] = []  # of all, in seconds
        self.instances: dict[str, Instance] = {}
        self.terminated: set[str] = set()
        self._mended, self._dice = mended, Random(seed)
        self._loses, self._dies, self._ends = loses, dies, ends
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        for number in range(runs):
            self._begin("publish_to_target", work(limits=Limits()), f"run{number}")
        self._run()

    @property
    def runs(self) -> list[Instance]:
        return [one for name, one in self.instances.items() if name.startswith("run") and name not in self.terminated]

    def seconds(self) -> float:
        return (self.now - T0).total_seconds()

    def _run(self) -> None:
        while self._queue:
            self.now, _, what = heapq.heappop(self._queue)
            what()

    def _later(self, at: datetime, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, what))

    def _begin(self, name: str, given: dict[str, Any], instance: str) -> None:
        self.instances[instance] = Instance(name, given, lambda name, given: self._answer(instance, name, given), instance)
        self._follow(instance, self.instances[instance].begin(self.now))

    def _follow(self, instance: str, due: list[tuple[datetime, Callable[[], Event]]]) -> None:
        one = self.instances[instance]
        assert one.played.error is None, one.played.error
        for at, how in due:
            self._later(at, lambda how=how: self._step(instance, how))  # type: ignore[misc]

    def _step(self, instance: str, how: Callable[[], Event]) -> None:
        one = self.instances[instance]
        if one.ended or instance in self.terminated:
            return
        self._follow(instance, one.advance(self.now, how()))
        if instance.startswith("prober") and self._dice.random() < self._dies:
            self.terminated.add(instance)
        if instance in self.room.who and self._dice.random() < self._ends:
            self.terminated.add(instance)

    def _answer(self, instance: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name in OPERATIONS:
            answer = OPERATIONS[name](self.room, given)
            self.room = WaitingRoom.from_json(json.loads(json.dumps(self.room.to_json())))
            return answer or {}
        answered: dict[str, Any] = getattr(self, f"_{name}")(given)
        return answered

    def _authenticate_target(self, _: dict[str, Any]) -> dict[str, Any]:
        self.tries.append(self.seconds())
        return IN if self.seconds() >= self._mended else failed("denied", "credential_wrong")

    def _look(self, _: dict[str, Any]) -> dict[str, Any]:
        return SYNCED

    def _record_outcomes(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _start_prober(self, given: dict[str, Any]) -> dict[str, Any]:
        self._later(self.now, lambda: self._begin("prober", given, given["instance"]))
        return {"started": True}

    def _wake(self, given: dict[str, Any]) -> dict[str, Any]:
        told, gone = [], []
        for one in given["runs"]:
            if one["run"] in self.terminated or self.instances[one["run"]].ended:
                gone.append(one["run"])
                continue
            told.append([one["run"], one["event"]])
            if self._dice.random() >= self._loses:
                text = json.dumps(json.dumps({name: one[name] for name in ("after", "trial") if name in one}))
                raised = event(Kind.EVENT_RAISED, self.now, Name=one["event"], Input=text)
                self._later(self.now + timedelta(milliseconds=5), lambda run=one["run"], raised=raised: self._step(run, lambda: raised))  # type: ignore[misc]
        return {"told": told, "gone": gone}
