"""Waiting with others for what keeps off everybody at one place: a credential, a right, a target that is down or full.

Each refused run registers in the place's waiting room and waits for one event beside a timer; one prober for all lets one of them try. Then
the run starts over: what it knew is old, and its history stays short however long it lasts."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df

from replication.importdesk import DESK
from replication.limits import Limits
from replication.waiting import ROOM, Refusal, Waits, group_of, prober_id

Steps = Generator[Any, Any, Any]
LOOK_IN = 30  # probes (15 minutes): then a run asks the room by itself, whatever may have been lost
TAKES_TURNS = "start_import"
AT_LEAST = 0.1  # seconds between two probes, whatever the settings say


def seconds_of(context: df.DurableOrchestrationContext) -> float:
    """Since 1970, in the run's own time."""
    moment: datetime = context.current_utc_datetime
    return round(moment.timestamp(), 3)


def as_time(seconds: float) -> str:
    """For a person."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Place:
    """Where a run waits: a target's name, or `SOURCE`; "": it has no waiting room. `waits` is kept by its owner when it starts over."""

    context: df.DurableOrchestrationContext
    name: str
    limits: Limits
    waits: Waits

    @property
    def has_room(self) -> bool:
        return bool(self.name)

    @property
    def now(self) -> float:
        return seconds_of(self.context)

    @property
    def probe(self) -> float:
        return max(self.limits.probe, AT_LEAST)

    def ask(self, operation: str, **given: Any) -> Steps:
        return (yield self.context.call_entity(df.EntityId(ROOM, self.name), operation, given))

    def signal(self, operation: str, **given: Any) -> None:
        self.context.signal_entity(df.EntityId(ROOM, self.name), operation, given)

    def passed(self, step: str) -> None:
        """A step was answered; if others wait for that, they are told."""
        refusal = self.waits.refused.pop(step, None)
        if refusal is not None and self.takes_turns(step, refusal):
            self.context.signal_entity(df.EntityId(DESK, self.name), "took", {"now": self.now})
        if self.waits.trial is not None and self.waits.trial.startswith(group_of(step, "")):
            self.signal("let_through", group=self.waits.trial, now=self.now)
            self.waits.trial = None

    def takes_turns(self, step: str, refusal: Refusal) -> bool:
        """Of imports alone: ARM takes a few at a time for a whole subscription, and a thousand may be wanted at once."""
        return self.has_room and step == TAKES_TURNS and refusal.failure["kind"] == "throttled"

    def turn(self, refusal: Refusal, wait: float) -> Generator[Any, Any, float]:
        """Seconds until this run may ask again, no sooner than `wait` after its last try; the desk is asked more than once when that is far
        ahead."""
        while True:
            asked = {"now": self.now, "asked_to_wait": max(0.0, refusal.tried + wait - self.now), "since": refusal.since}
            answer: dict[str, Any] = yield self.context.call_entity(df.EntityId(DESK, self.name), "turn", asked)
            if "after" in answer:
                return float(answer["after"])
            yield self.context.create_timer(self.context.current_utc_datetime + timedelta(seconds=answer["ask_after"]))

    def left(self) -> None:
        """The run ends."""
        if self.waits.waited:
            self.signal("leave", run=self.context.instance_id)

    def enter(self, step: str) -> Generator[Any, Any, dict[str, Any]]:
        """What the room answers; a prober is started where there is none, and `alone` tells that this did not succeed."""
        waits, refusal = self.waits, self.waits.refused[step]
        waits.step, waits.trial, waits.waited = step, None, waits.waited + 1
        group, run = group_of(step, refusal.code), self.context.instance_id
        answer: dict[str, Any] = yield from self.ask(
            "enter", run=run, event=self._event, group=group, tried=refusal.tried, now=self.now, probe=self.probe
        )
        if answer.get("start") is not None:
            given = {"place": self.name, "number": answer["start"], "probe": self.probe}
            told = yield self.context.call_activity("start_prober", {**given, "instance": prober_id(self.name, answer["start"])})
            answer["alone"] = not told["started"]
        return answer

    def wait(self, refusal: Refusal, answer: dict[str, Any]) -> Generator[Any, Any, None]:
        """Until it is time to try again; or, when nothing was heard, to ask the room once more: then `waits.step` stays."""
        waits = self.waits
        if "go" in answer:
            after, waits.step = answer["go"], None
        else:
            left = refusal.since + self.limits.waiting - self.now
            look_in = self.probe * (1 if answer.get("alone") else LOOK_IN)
            woken = yield from self._until(self._event, max(0, min(left, look_in)))
            if woken is None and left > look_in:
                return
            after, waits.step = (0, None) if woken is None else (woken["after"], None)
            waits.trial = None if woken is None else woken.get("trial")
        after = max(after, refusal.may_be_asked_at - self.now)
        if after > 0:
            yield self.context.create_timer(self.context.current_utc_datetime + timedelta(seconds=after))

    def _until(self, event: str, seconds: float) -> Generator[Any, Any, dict[str, Any] | None]:
        """What woke us; None: nothing did. A name is waited for once: a second time, the SDK would give the first event again."""
        timer = self.context.create_timer(self.context.current_utc_datetime + timedelta(seconds=seconds))
        woken = self.context.wait_for_external_event(event)
        winner = yield self.context.task_any([woken, timer])
        if winner is timer:
            return None
        timer.cancel()  # type: ignore[attr-defined]
        told = woken.result
        return dict(json.loads(told) if isinstance(told, str) else told)

    @property
    def _event(self) -> str:
        return f"go{self.waits.waited}"
