"""A program as the generator that the SDK runs. It notes what each task gave, by the task's label."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from tests.devkit.host.programs.program import SHARED, Alone, Await, Gather, Group, Join, Leaf, Program, Signal, Step, Task, leaves

Steps = Generator[Any, Any, Any]
Note = list[Any]  # [the labels of what was awaited, its value or the text of its failure]


def orchestrator(program: Program) -> Callable[[Any], Steps]:
    def run(context: Any) -> Steps:
        generation = context.get_input()["generation"]
        notes: list[Note] = []
        for step in program.steps:
            yield from _Performer(context, generation, notes).perform(step)
        if generation + 1 < program.generations:
            context.continue_as_new({"generation": generation + 1})
            return None
        if program.raises:
            raise RuntimeError("the program raises")
        return notes

    return run


class _Performer:
    def __init__(self, context: Any, generation: int, notes: list[Note]) -> None:
        self._context = context
        self._generation = generation
        self._notes = notes
        self._tasks: dict[int, Task] = {}  # by the identity of the SDK's task
        self._timers: list[Any] = []

    def perform(self, step: Step) -> Steps:
        match step:
            case Await():
                yield from self._await(step)
            case Signal():
                self._context.signal_entity(df.EntityId("entity", step.label), "tell", step.label)
            case Gather():
                still = [self._make(task) for task in step.tasks]
                while still:
                    done = yield self._context.task_any(still)
                    self._note(done)
                    still.remove(done)
            case Join():
                first = [self._make(task) for task in step.first]
                done = yield self._context.task_any(first)
                self._note(done)
                both = [*(task for task in first if task is not done), self._make(step.late)]
                self._note((yield self._context.task_any(both)))
            case Alone():
                yield from self._alone(step)

    def _await(self, step: Await) -> Steps:
        task = self._make(step.task)
        try:
            yield task
        except Exception:
            if not step.catch:
                raise
        self._note(task)
        if step.cancel:
            for timer in self._timers:
                if not timer.is_completed:
                    timer.cancel()

    def _alone(self, step: Alone) -> Steps:
        child, rest = self._make(step.child), self._make(step.rest)
        both = self._context.task_all([child, rest])
        self._tasks[id(both)] = Group("all", (step.child, step.rest))
        try:
            yield child
            yield both
        except Exception as error:
            self._notes.append(failure(self._tasks[id(both)], error))
        else:
            self._note(both)

    def _make(self, task: Task) -> Any:
        made = self._leaf(task) if isinstance(task, Leaf) else self._group(task)
        self._tasks[id(made)] = task
        return made

    def _group(self, group: Group) -> Any:
        children = [self._make(child) for child in group.children]
        return self._context.task_all(children) if group.kind == "all" else self._context.task_any(children)

    def _leaf(self, leaf: Leaf) -> Any:
        context, given = self._context, f"{leaf.label}/{self._generation}"
        retry = df.RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=leaf.attempts)
        match leaf.kind:
            case "activity" if leaf.attempts > 1:
                return context.call_activity_with_retry(leaf.label, retry, given)
            case "activity":
                return context.call_activity(leaf.label, given)
            case "sub" if leaf.attempts > 1:
                return context.call_sub_orchestrator_with_retry(leaf.label, retry, given)
            case "sub":
                return context.call_sub_orchestrator(leaf.label, given)
            case "timer":
                self._timers.append(context.create_timer(context.current_utc_datetime + timedelta(seconds=leaf.seconds)))
                return self._timers[-1]
            case "event":
                return context.wait_for_external_event(event_name(leaf, self._generation))
            case _:
                return context.call_entity(df.EntityId("entity", leaf.label), "ask", given)

    def _note(self, task: Any) -> None:
        """What a task that has ended gave."""
        self._notes += self._said(self._tasks[id(task)], task)

    def _said(self, asked: Task, task: Any) -> list[Note]:
        if isinstance(task.result, Exception):
            return [failure(asked, task.result)]
        if isinstance(asked, Leaf):
            return [[[asked.label], task.result]]
        if asked.kind == "any":
            return self._said(self._tasks[id(task.result)], task.result)
        return [note for child, made in zip(asked.children, task.children, strict=True) for note in self._said(child, made)]


def failure(asked: Task, error: Exception) -> Note:
    return [[leaf.label for leaf in leaves(asked)], str(error).partition(" \n")[0]]


def event_name(leaf: Leaf, generation: int) -> str:
    """Names that are awaited once are so in each generation."""
    return leaf.label if leaf.label in SHARED else f"{leaf.label}/{generation}"
