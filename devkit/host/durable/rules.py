"""Where the SDK and Azure's host disagree: what Azure does then, and how to write it instead.

Source: durable-host.md, section 4.2, and the runs of tests/devkit/host/programs. Both sides are Microsoft's, and neither notices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`fails`: this host ends the instance, for Azure would hang it or hand results to the wrong calls; else it warns."""

    name: str
    azure: str
    instead: str
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """One disagreement as it was seen in one episode."""

    rule: Rule
    seen: str

    def __str__(self) -> str:
        return f"[{self.rule.name}] {self.seen} In Azure {self.rule.azure}. Instead: {self.rule.instead}."


_WRONG = "the result of one goes to the other: a call gets what is not its own, or counts as done and never ran; nothing says so"
_VALUES = "let the activity return its failure as a value and wait with timers of your own, without with_retry"

TASK_ALL_SHIFTS = Rule("task_all with a retry", _WRONG, f"{_VALUES}, or gather by a loop of task_any", fails=True)
LOOP_SHIFTS = Rule(
    "a task awaited again beside a retry",
    f"{_WRONG}; or the instance fails as non-deterministic",
    f"{_VALUES}; a task that was yielded before, alone or in a loop of task_any, leaves no trace for the host to wait at",
    fails=True,
)
CANCEL_SHIFTS = Rule(
    "a cancelled timer beside a retry",
    f"{_WRONG}; or the instance fails as non-deterministic",
    f"{_VALUES}; for the host a timer that was cancelled was so from the beginning, and numbers move",
    fails=True,
)
LONG_SHIFTS = Rule("a timer of more than six days beside a retry", _WRONG, f"{_VALUES}, or wait in a loop of shorter timers", fails=True)
SENT_TWICE = Rule(
    "a task yielded alone and then in a compound",
    f"the task runs twice, and {_WRONG}",
    "make the compound after the task was yielded, or yield the compound alone",
    fails=True,
)
TASK_ALL_WAITS = Rule(
    "task_all has failed and its siblings run",
    "the orchestrator goes on at once but what it calls next starts only when all siblings have ended",
    "gather by a loop of task_any, which sees each result as it comes",
)
LONG_WAITS = Rule(
    "a timer of more than six days in a compound",
    "its next piece, or what comes after the compound, waits for the other: up to three days, for such a timer cannot be cancelled either",
    "wait in a loop of shorter timers and cancel the one that lost",
)
JOIN_WAITS = Rule(
    "a compound of new tasks and ones yielded before",
    "the host waits for the new ones alone: what the orchestrator calls next starts only when one of them has ended",
    "yield compounds whose tasks are all new, or all in progress",
)
EVENT_AGAIN = Rule(
    "an event that came early is handed out again",
    "the second wait gets the first event once more, and the instance stays Running until another event of that name comes",
    "wait once for each event name, or await the event before it can be raised",
    fails=True,
)
EVENT_TWICE = Rule(
    "an event that came early served two waits",
    "the second wait gets the first event once more, and never the one that was raised for it",
    "wait once for each event name, or await the event before it can be raised",
)
EVENT_LOST = Rule(
    "two events of one name came early",
    "the orchestrator sees the last one only; the others are lost",
    "raise events under names of their own, or await the first before the second can be raised",
)
HANGS = Rule(
    "the orchestrator waits for what is over",
    "this instance stays Running for ever",
    "look what it yields: nothing at all (a bare yield), or a timer that was cancelled",
    fails=True,
)
EVENT_CASE = Rule(
    "an event's name differs in case",
    "the host takes it for the one that is awaited, the SDK does not: the instance stays Running until the event comes by the exact name",
    "raise the event by the name that is awaited, letter by letter",
)
TIMER_LEFT = Rule(
    "a timer is still open at the end",
    "the instance stays Running until that timer fires, although its code has ended",
    "cancel() the timer that lost",
)
RULES = [rule for rule in globals().values() if isinstance(rule, Rule)]

WORDS = {
    "does not have pending sub-task": "A task_all inside another compound failed, its last task then succeeded, and there the SDK breaks."
    " Azure fails the instance with these same words, whatever the code catches. Instead: let activities return failures as values.",
    "object has no attribute '_is_scheduled'": "Something was yielded that is no task, a list perhaps. Azure fails the instance with these"
    " same words. Instead: yield context.task_all([...]) or context.task_any([...]).",
    "'NoneType'": "If this is the result of a task_all over an empty list: the SDK gives None for it, in Azure as here, and no"
    " empty list. Instead: ask whether there is anything to await before.",
}


def explained(error: str) -> str | None:
    """What an orchestrator's own error says about these rules, if anything."""
    return next((text for words, text in WORDS.items() if words in error), None)
