"""Run a program by the SDK and by the host's half of an episode, and look after each whether both gave the same numbers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from devkit.host.clock import moment_of
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.episode import accepted
from devkit.host.durable.instances import started
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.orchestrator import payload
from devkit.host.durable.replay import Mismatch, NonDeterministic, Replay, Work
from devkit.host.durable.rows import Instance, Message
from devkit.host.durable.sdk import Seen
from devkit.host.durable.verdict import Verdict, judge
from tests.devkit.host.programs.orchestrator import Note, event_name, orchestrator
from tests.devkit.host.programs.program import Program, leaves, tasks
from tests.devkit.host.programs.sdk import Replayed, replay

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPISODES = 400  # of one program: more means that it never ends


class Match(IntEnum):
    """How the numbers of the two compare, the worst of all episodes."""

    SAME = 0
    DELAYED = 1  # the SDK has gone on, the host will give the same numbers later
    SHIFTED = 2


@dataclass(slots=True)
class Outcome:
    match: Match = Match.SAME
    wrong: list[Note] = field(default_factory=list)  # values that reached another task, or came of nothing that ran
    refused: str = ""  # by the host: `Mismatch`
    moved: bool = False  # the history does not fit what the orchestrator does now
    broken: str = ""  # the SDK: its words
    hangs: bool = False
    status: str = ""
    lost: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)  # that the host has named
    episodes: int = 0

    @property
    def well(self) -> bool:
        """Whether it came to its end, by the same numbers on both sides and with the right values."""
        astray = self.wrong or self.again or self.broken or self.refused
        return self.status in ("Completed", "Failed") and not astray and self.match is not Match.SHIFTED


class Everything(dict[str, Any]):
    def __contains__(self, key: object) -> bool:
        return True


CATALOGUE = cast(Catalogue, SimpleNamespace(orchestrators=Everything(), activities=Everything(), entities=Everything()))


class Run:
    def __init__(self, program: Program, failing: float, random: Random) -> None:
        self._steps = orchestrator(program)
        self._leaves = [leaf for step in program.steps for task in tasks(step) for leaf in leaves(task)]
        self._failing, self._random = failing, random
        self._instance = Instance("i", "program", "0" * 32, "Pending", '{"generation": 0}', None, None, None, "", None, "", "")
        self._now = NOW
        self._inbox: list[Message] = []
        self._timers: list[tuple[str, Message]] = []
        self._n = 0
        self._events: list[Event] = []
        self._given: set[str] = set()  # what activities, children, entities and events have answered
        self.outcome = Outcome()
        self._begin()

    @property
    def _generation(self) -> int:
        return int(self._instance.execution)

    def _begin(self) -> None:
        self._history: list[Event] = []
        self._texts: list[str] = []
        self._numbers: dict[int, Seen] = {}

        self._inbox.insert(0, self._message(started(self._instance, self._now, None)))
        names = [event_name(leaf, self._generation) for leaf in self._leaves if leaf.kind == "event"]
        for n, name in enumerate(names):
            self._given.add(value := f"{name}#{n}")
            self._events.append(event(Kind.EVENT_RAISED, NOW, Name=name, Input=json.dumps(value)))

    def through(self) -> Outcome:
        while self.outcome.episodes < EPISODES and self._step():
            self.outcome.episodes += 1
        self.outcome.hangs = self.outcome.status == "Running"
        return self.outcome

    def _step(self) -> bool:
        """One episode. False when the program has ended, or nothing can happen any more."""
        self.outcome.status = "Running"
        if not (messages := self._due()):
            return False
        taken = accepted(self._instance, self._history, messages)
        if not taken:
            return True
        self._now = (self._now + timedelta(seconds=1)).replace(microsecond=0)
        began = event(Kind.ORCHESTRATOR_STARTED, self._now)
        fresh = [began, *(message.event for message in taken)]
        texts = [*self._texts, json.dumps(began), *(message.text for message in taken)]
        history = [*self._history, *fresh]
        mine = replay(self._steps, payload(self._instance, texts))
        try:
            verdict = judge(CATALOGUE, self._instance, mine.state, history, now=self._now, most=100_000)
        except Mismatch as mismatch:
            self.outcome.refused, self.outcome.status = str(mismatch), "Failed"
            self.outcome.rules |= set(re.findall(r"\[(.+?)\]", str(mismatch)))
            self._note(mine)
            self.outcome.moved = isinstance(mismatch.__context__, NonDeterministic)
            if not self.outcome.moved:
                given = Replay(mine.state.actions or [], self._now).over(history).given
                self._compare(mine, {number: seen(work) for number, work in given.items()})
            return False
        self.outcome.rules |= {note.rule.name for note in verdict.notes}
        return self._commit(mine, verdict, fresh)

    def _due(self) -> list[Message]:
        """Some of what waits, in any order; timers by their time, and time goes on to the next one."""
        if self._events and self._history and self._random.random() < 0.3:
            self._inbox.append(self._message(self._events.pop(self._random.randrange(len(self._events))), None))
        waiting, size = self._inbox, self._random.randint(1, 3)
        if self._timers and (not waiting or self._random.random() < 0.3):
            self._timers.sort(key=lambda timer: timer[0])
            fire_at, fired = self._timers.pop(0)
            self._now = max(self._now, moment_of(fire_at))
            waiting.append(fired)
        if not waiting and self._events:
            waiting.append(self._message(self._events.pop(0), None))
        if self._history:
            self._random.shuffle(waiting)
        due, self._inbox = waiting[:size], waiting[size:]
        return due

    def _commit(self, mine: Replayed, verdict: Verdict, fresh: list[Event]) -> bool:
        self._instance.status = self.outcome.status = verdict.status
        self._note(mine)
        scheduled = [self._schedule(work) for work in verdict.work]
        if verdict.restart is not None:
            self._start_over(verdict)
            return True
        if mine.state.actions is None:
            self.outcome.broken = mine.state.error or ""
            return False
        self._compare(mine, self._numbers)
        if verdict.status == "Completed":
            self.outcome.wrong += [note for note in json.loads(verdict.output or "[]") if not self._right(note)]
        self._record([*fresh, *scheduled, event(Kind.ORCHESTRATOR_COMPLETED, self._now)])
        return verdict.status == "Running"

    def _start_over(self, verdict: Verdict) -> None:
        execution = f"{int(self._instance.execution) + 1:032}"
        self._instance.execution, self._instance.input = execution, verdict.restart
        self._timers = []
        self._inbox = [message for message in self._inbox if message.execution is None]
        self._begin()
        self._inbox[1:1] = [self._message(carried, None) for carried in verdict.carried]

    def _compare(self, mine: Replayed, host: Mapping[int, Seen]) -> None:
        self.outcome.match = max(self.outcome.match, compared(mine, host))

    def _record(self, events: list[Event]) -> None:
        self._history += events
        self._texts += map(json.dumps, events)

    def _note(self, mine: Replayed) -> None:
        if not mine.state.done and mine.state.error is None:  # what is lost after the end, nobody misses
            self.outcome.lost |= mine.state.inside.lost
        self.outcome.again |= mine.state.inside.again

    def _schedule(self, work: Work) -> Event:
        """Record it, and let it end some day; one time in ten the end is told twice."""
        self._numbers[work.number] = seen(work)
        fields: dict[str, Any] = {"Name": work.name}
        if work.kind == Kind.TIMER_CREATED:
            fields = {"FireAt": work.fire_at}
            if not work.done:
                fired = event(Kind.TIMER_FIRED, self._now, TimerId=work.number, FireAt=work.fire_at)
                self._timers.append((work.fire_at, self._message(fired)))
        elif work.kind == Kind.EVENT_SENT:
            request = f"{work.number}-{self._instance.execution}"
            fields["Input"] = json.dumps({"id": request})
            if not work.done:
                self._answer_entity(request, work.action["input"])
        else:
            self._answer(work)
        return event(work.kind, self._now, work.number, **fields)

    def _answer(self, work: Work) -> None:
        child = work.kind == Kind.SUB_ORCHESTRATION_CREATED
        given = json.loads(work.action["input"])
        if self._random.random() < self._failing:
            kind = Kind.SUB_ORCHESTRATION_FAILED if child else Kind.TASK_FAILED
            self._given.add(reason := f"{given} fails")
            ended = event(kind, self._now, TaskScheduledId=work.number, Reason=reason, Details="")
        else:
            kind = Kind.SUB_ORCHESTRATION_COMPLETED if child else Kind.TASK_COMPLETED
            self._given.add(given)
            ended = event(kind, self._now, TaskScheduledId=work.number, Result=json.dumps(given))
        self._send(ended)
        if self._random.random() < 0.1:
            self._send(ended)

    def _answer_entity(self, request: str, given: Any) -> None:
        given = json.loads(given) if isinstance(given, str) and given.startswith('"') else given
        fails = self._random.random() < self._failing
        reply = {"result": json.dumps(f"{given} fails" if fails else given)} | ({"exceptionType": "System.Exception"} if fails else {})
        self._given.add(json.loads(reply["result"]))
        self._send(event(Kind.EVENT_RAISED, self._now, Name=request, Input=json.dumps(reply)))

    def _send(self, sent: Event) -> None:
        self._inbox.append(self._message(sent))

    def _message(self, sent: Event, execution: str | None = "") -> Message:
        self._n += 1
        return Message(self._n, self._instance.execution if execution == "" else execution, sent, json.dumps(sent))

    def _right(self, note: Note) -> bool:
        """Whether a value, or a failure, is one that something of this label has given."""
        labels, value = note
        given = isinstance(value, str) and value in self._given and re.split("[/#]", value)[0] in labels
        return given or (value in (None, [None]) and any(leaf.label in labels for leaf in self._leaves if leaf.kind == "timer"))


SIGNAL = Seen("a signal")  # the SDK gives it a number, and keeps no task for it


def seen(work: Work) -> Seen:
    return SIGNAL if work.kind == Kind.EVENT_SENT and work.done else work.seen


def compared(sdk: Replayed, host: Mapping[int, Seen]) -> Match:
    """What the SDK does not number once the program has ended, the host still numbers: nobody minds."""
    ended = sdk.state.done or sdk.state.error is not None
    if any(sdk.given.get(number, what if ended or what == SIGNAL else None) != what for number, what in host.items()):
        return Match.SHIFTED
    return Match.SAME if sdk.given.keys() <= host.keys() else Match.DELAYED
