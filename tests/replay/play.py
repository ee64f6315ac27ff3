"""Play an orchestrator in the SDK's own replay engine, without mocks: weeks pass in milliseconds.

Each generation is replayed whole at its end, as Azure does at each episode, and must come to the same as it did step by step. The host's
half (`devkit.host.durable.replay`) numbers the tasks and refuses a history that the orchestrator no longer follows. Answers of activities
and children are scripted by name; one may be a function of the input."""

import heapq
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from devkit.host.clock import moment_of, stamp
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.replay import Replay, Work
from orchestrators import import_desk
from orchestrators.waiting_room import OPERATIONS
from replication.importdesk import ImportDesk
from replication.waitingroom import WaitingRoom
from tests.replay.episodes import Generation, ask

T0 = datetime(2026, 1, 1, tzinfo=UTC)
CALL_TAKES = timedelta(milliseconds=10)
MOST_EPISODES = 2000
MOST_STATUS = 16 * 1024  # bytes of UTF-16

Due = tuple[datetime, Callable[[], Event]]
Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Played:
    """`timers`: how long each slept, in order; `calls`: names and inputs of activities and children. `history`: of the last generation;
    `longest`: of any."""

    output: Any = None
    error: str | None = None
    timers: list[timedelta] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    signals: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)
    took: timedelta = timedelta()
    longest: int = 0
    generations: int = 1

    @property
    def names(self) -> list[str]:
        """But for what only figures are told, most often at the end, and what belongs to waiting with others."""
        return [name for name, _ in self.calls if name not in {"record_outcomes", "start_prober", *OPERATIONS, *import_desk.OPERATIONS}]

    def slept(self) -> list[float]:
        return [round(timer.total_seconds(), 3) for timer in self.timers]


class Script:
    """What is answered to whom; the last answer of a name repeats. `after`: how many seconds it takes longer than a call. What the waiting
    room answers is not scripted, unless it is."""

    def __init__(self, answers: Mapping[str, list[Answer] | Answer]) -> None:
        self._answers: dict[str, list[Answer]] = {
            name: list(given) if isinstance(given, list) else [given] for name, given in answers.items()
        }

        self._room, self._desk = WaitingRoom(), ImportDesk()

    def answer(self, name: str, given: dict[str, Any]) -> dict[str, Any] | Exception:
        if name == "record_outcomes":
            return {}
        if name not in self._answers and name in OPERATIONS:
            answer: dict[str, Any] = OPERATIONS[name](self._room, given)
            return answer
        if name not in self._answers and name in import_desk.OPERATIONS:
            turn: dict[str, Any] = import_desk.OPERATIONS[name](self._desk, given)
            return turn
        if name == "start_prober" and name not in self._answers:
            return {"started": True}
        assert name in self._answers, f"{name} was called, and the script has no answer"
        left = self._answers[name]
        scripted = left.pop(0) if len(left) > 1 else left[0]
        return scripted(given) if callable(scripted) else scripted


class Instance:
    """One orchestration. `advance` plays an episode and gives what it newly waits for: when it is due, and how to learn how it ended."""

    def __init__(
        self, name: str, given: dict[str, Any], answer: Callable[[str, dict[str, Any]], dict[str, Any] | Exception], id_: str
    ) -> None:
        self._name = name
        self._given = given
        self._answer = answer
        self._id = id_
        self._generation = Generation(name, given, id_)
        self.played = Played()
        self.ended = False

    def begin(self, now: datetime, *carried: Event) -> list[Due]:
        """`carried`: what the generation before it did not consume."""
        started = event(Kind.EXECUTION_STARTED, now, Name=self._name, Version="1.0", Input=json.dumps(self._given))
        return self.advance(now, started, *carried)

    def advance(self, now: datetime, *fresh: Event) -> list[Due]:
        """What was meant for an earlier generation is dropped; events that are raised are meant for any."""
        played = self.played
        if any(one.pop("Generation", played.generations) != played.generations for one in fresh):
            return []
        if played.history:
            played.history.append(event(Kind.ORCHESTRATOR_COMPLETED, now))
        played.history += [event(Kind.ORCHESTRATOR_STARTED, now), *fresh]
        state = self._generation.ask(played.history)
        assert len(json.dumps(state.get("customStatus")).encode("utf-16-le")) < MOST_STATUS, "the extension fails such an instance"
        if state.get("customStatus") not in (None, *played.statuses[-1:]):
            played.statuses.append(state["customStatus"])
        replay = Replay(state["actions"][0], now).over(played.history)
        new, asked = list(replay.pending.values()), list(played.history)
        played.history += [_scheduled(work, now) for work in new]
        played.longest = max(played.longest, len(played.history) + 1)
        if replay.ended:
            assert ask(self._name, self._given, self._id, asked) == state, "a replay of the whole history came to something else"
        if replay.ended and replay.restart is not None:
            self._given = json.loads(json.dumps(replay.restart["input"]))
            self._given = json.loads(self._given) if isinstance(self._given, str) else self._given
            self._generation = Generation(self._name, self._given, self._id)
            played.history, played.generations = [], played.generations + 1
            return self.begin(now, *replay.unconsumed())
        if replay.ended and (state["isDone"] or state.get("error")):
            played.output, played.error, played.took, self.ended = state.get("output"), state.get("error"), now - T0, True
        for one in (one for one in new if one.done and is_entity(one)):
            self.played.signals.append((one.action["operation"], json.loads(one.action["input"])))
            self._answer(*self.played.signals[-1])
        return [due for work in new if not work.done for due in self._due(work, now)]

    def _due(self, work: Work, now: datetime) -> list[Due]:
        generation = self.played.generations
        if work.kind == Kind.TIMER_CREATED:
            at = moment_of(work.fire_at)
            self.played.timers.append(at - now)
            return [(at, lambda: event(Kind.TIMER_FIRED, at, TimerId=work.number, FireAt=stamp(at), Generation=generation))]
        if is_entity(work):
            return self._asked(work, now)
        given = work.action["input"]
        given = json.loads(given) if isinstance(given, str) else given
        self.played.calls.append((work.name, given))
        if work.kind == Kind.SUB_ORCHESTRATION_CREATED:
            self.played.children.append(work.action["instanceId"])
            answer = self._answer(work.name, given)
            at = now + CALL_TAKES + timedelta(seconds=answer.pop("after", 0) if isinstance(answer, dict) else 0)
            return [(at, lambda: _finished(work, answer, at) | {"Generation": generation})]
        at = now + CALL_TAKES
        return [(at, lambda: _finished(work, self._answer(work.name, given), at) | {"Generation": generation})]

    def _asked(self, work: Work, now: datetime) -> list[Due]:
        """Of an entity. With `woken`, `{in: seconds, …}`, in its answer, the asker's event is raised later, as a prober has it done."""
        operation, given = work.action["operation"], json.loads(work.action["input"])
        self.played.calls.append((operation, given))
        answer = self._answer(operation, given)
        assert isinstance(answer, dict)
        woken, told = answer.get("woken"), {name: value for name, value in answer.items() if name != "woken"}
        at = now + CALL_TAKES
        reply, generation = json.dumps({"result": json.dumps(told)}), self.played.generations
        due: list[Due] = [(at, lambda: event(Kind.EVENT_RAISED, at, Name=asked_id(work), Input=reply, Generation=generation))]
        if woken is not None:
            when, text = now + timedelta(seconds=woken["in"]), json.dumps(json.dumps({"after": 0, **woken}))
            due.append((when, lambda: event(Kind.EVENT_RAISED, when, Name=given["event"], Input=text)))
        return due


def play(name: str, given: dict[str, Any], *, instance: str = "team!app:v1~0123456789abcdef", **answers: Any) -> Played:
    """Until it ends. Fails the test when it never does."""
    one = Instance(name, given, Script(answers).answer, instance)
    waiting = [(at, number, ended) for number, (at, ended) in enumerate(one.begin(T0))]
    for episode in range(1, MOST_EPISODES):
        if one.ended:
            return one.played
        assert waiting, "the orchestration waits for nothing that could come"
        now, _, ended = heapq.heappop(waiting)
        for number, (at, how) in enumerate(one.advance(now, ended())):
            heapq.heappush(waiting, (at, episode * 1000 + number, how))
    raise AssertionError(f"no end after {MOST_EPISODES} episodes: {one.played.names[-12:]}")


def is_entity(work: Work) -> bool:
    return work.kind == Kind.EVENT_SENT


def asked_id(work: Work) -> str:
    """Of a request to an entity, by which its answer is known."""
    return f"00000000-0000-0000-0000-{work.number:012d}"


def _scheduled(work: Work, now: datetime) -> Event:
    if work.kind == Kind.TIMER_CREATED:
        return event(work.kind, now, work.number, FireAt=work.fire_at)
    if is_entity(work):
        return event(work.kind, now, work.number, Name=work.name, Input=json.dumps({"op": work.action["operation"], "id": asked_id(work)}))
    return event(work.kind, now, work.number, Name=work.name)


def _finished(work: Work, answer: dict[str, Any] | Exception, at: datetime) -> Event:
    child = work.kind == Kind.SUB_ORCHESTRATION_CREATED
    if isinstance(answer, Exception):
        kind = Kind.SUB_ORCHESTRATION_FAILED if child else Kind.TASK_FAILED
        return event(kind, at, TaskScheduledId=work.number, Reason=f"'{work.name}' failed: {answer}", Details="")
    kind = Kind.SUB_ORCHESTRATION_COMPLETED if child else Kind.TASK_COMPLETED
    return event(kind, at, TaskScheduledId=work.number, Result=json.dumps(answer))
