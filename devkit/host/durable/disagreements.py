"""Whether the SDK and the host have come apart in an episode, by which rule, and where.

The numbers tell it for certain, for the SDK's are looked up; the cause is read off the actions."""

import logging
from collections.abc import Collection, Iterator, Sequence

from devkit.host.durable import rules
from devkit.host.durable.messages import Kind
from devkit.host.durable.orchestrator import State
from devkit.host.durable.replay import ALL, ANY, CALL_RETRY, SUB_RETRY, TIMER, Action, Replay
from devkit.host.durable.rules import Note, Rule

log = logging.getLogger("devkit.host")


def disagreements(replay: Replay, state: State) -> list[Note]:
    return [*_numbers(replay, state), *_events(replay, state), *_ends(replay, state)]


def _numbers(replay: Replay, state: State) -> Iterator[Note]:
    ahead: list[str] = []
    for number, theirs in state.inside.open.items():
        ours = replay.given.get(number)
        if ours is None:
            ahead.append(str(theirs))
        elif ours.seen != theirs:
            other = " with another input" if str(ours.seen) == str(theirs) else ""
            yield Note(_why_shifted(replay), f"Number {number} is for the SDK {theirs}, and for the host {ours.seen}{other}.")
            return
    if not (state.done or state.error) and (unknown := _unknown(replay, state)) is not None:
        yield Note(_why_shifted(replay), f"Number {unknown} is for the host {replay.given[unknown].seen}, and for the SDK something else.")
        return
    if ahead:
        yield Note(_why_ahead(replay, ahead), f"The orchestrator awaits {', '.join(ahead)}, which the host has not begun.")


def _unknown(replay: Replay, state: State) -> int | None:
    """A task of the host's that is open, and not for the SDK, which has given its number to a signal: of those it keeps nothing."""
    mine = (number for number in replay.open if replay.given[number].kind != Kind.EVENT_SENT)
    return next((number for number in mine if number not in state.inside.open), None)


def _events(replay: Replay, state: State) -> Iterator[Note]:
    again = state.inside.again
    if hangs := {name for name in again if replay.waiting.get(name.lower())}:
        yield Note(rules.EVENT_AGAIN, f"The event {_list(hangs)} came before it was awaited, and is now awaited once more.")
    elif again:
        yield Note(rules.EVENT_TWICE, f"The event {_list(again)} came before it was awaited, and two waits have got it.")
    if (lost := state.inside.lost) and not (state.done or state.error):
        yield Note(rules.EVENT_LOST, f"The event {_list(lost)} came again before it was awaited.")


def _ends(replay: Replay, state: State) -> Iterator[Note]:
    over = bool(state.done or state.error)
    if replay.stuck and not (over and replay.awaited is None):
        if state.inside.awaits:
            yield Note(rules.EVENT_CASE, f"The orchestrator awaits {_list(state.inside.awaits)} still; for the host that event has come.")
        else:
            yield Note(rules.HANGS, "The orchestrator waits for nothing that could still happen, and has not come to its end.")
    timers = [
        str(work.seen) for number in replay.open if (work := replay.given[number]).kind == Kind.TIMER_CREATED and "fireAt" in work.action
    ]
    if over and replay.awaited is None and timers:
        yield Note(rules.TIMER_LEFT, f"The orchestrator's code has ended, and open is still {', '.join(timers)}.")


def advice(replay: Replay) -> str:
    """What else than a changed orchestrator may be behind a history that does not fit."""
    if not _retries(replay):
        return ""
    return f" If it was not changed: {Note(_why_shifted(replay), 'it calls with retry, and numbers have moved.')}"


def _retries(replay: Replay) -> bool:
    return any(action["actionType"] in (CALL_RETRY, SUB_RETRY) for action in _flat(replay.actions))


def _why_shifted(replay: Replay) -> Rule:
    if not _retries(replay):
        return rules.SENT_TWICE
    actions = list(_flat(replay.actions))
    if replay.failed_all:
        return rules.TASK_ALL_SHIFTS
    if any(action.get("isCanceled") for action in actions):
        return rules.CANCEL_SHIFTS
    return rules.LONG_SHIFTS if any(map(_is_long, actions)) else rules.LOOP_SHIFTS


def _why_ahead(replay: Replay, ahead: Sequence[str]) -> Rule:
    awaited = replay.actions[replay.awaited : replay.awaited + 1] if replay.awaited is not None else []
    at_a_piece = any(action["actionType"] == TIMER for action in awaited)
    if replay.failed_all and not at_a_piece:
        return rules.TASK_ALL_WAITS
    waits = at_a_piece or any(map(_is_long, _flat(awaited))) or any(each.startswith("the timer") for each in ahead)
    return rules.LONG_WAITS if waits and any(map(_is_long, _flat(replay.actions))) else rules.JOIN_WAITS


def _flat(actions: Sequence[Action]) -> Iterator[Action]:
    for action in actions:
        yield action
        if action["actionType"] in (ANY, ALL):
            yield from _flat(action["compoundActions"])


def _is_long(action: Action) -> bool:
    """A long timer comes as a task_all of its first piece."""
    children = action.get("compoundActions") or []
    return action["actionType"] == ALL and len(children) == 1 and children[0]["actionType"] == TIMER


def _list(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))


class Warned:
    """Says each rule once for each instance: an orchestrator replays."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}

    def tell(self, instance: str, notes: Sequence[Note]) -> None:
        for note in notes:
            said = self._said.setdefault(instance, set())
            if note.rule.name not in said:
                said.add(note.rule.name)
                log.warning("%s: %s", instance, note)

    def forget(self, instance: str) -> None:
        self._said.pop(instance, None)
