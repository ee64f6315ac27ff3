"""The floor: the bare SDK in a loop, without any host, given the histories that a host has stored, episode by episode."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import azure.functions as func

from bench.hosts import Host
from devkit.host.durable.messages import SCHEDULED, Event, Kind
from devkit.host.durable.orchestrator import payload
from devkit.host.durable.rows import instance_of

OUTCOME = {*SCHEDULED, Kind.EXECUTION_COMPLETED, Kind.ORCHESTRATOR_COMPLETED}


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds by the wall and of CPU, and how many calls of an orchestrator took them."""

    wall: float
    cpu: float
    episodes: int


@cache
def orchestrators() -> dict[str, Callable[..., str]]:
    """What the worker library calls, by name. An app can be asked for its functions once."""
    found = import_module("bench.app.function_app").app.get_functions()
    return {each.get_function_name(): each.get_user_function() for each in found}


def asked(history: list[Event]) -> Iterator[list[Event]]:
    """What each episode of a history was asked with: all before it, and what had arrived."""
    for begin, each in enumerate(history):
        if each["EventType"] == Kind.ORCHESTRATOR_STARTED:
            yield history[: next(index for index in range(begin, len(history)) if history[index]["EventType"] in OUTCOME)]


def calls(host: Host, instance: str, *, latest: bool) -> Iterator[tuple[Callable[..., str], str]]:
    """An orchestrator with the payload of each of its episodes; `latest`: of the last alone."""
    stored = instance_of(host.ask("SELECT * FROM instance WHERE id = ?", instance)[0])
    for events in list(asked(host.history(instance)))[-1 if latest else 0 :]:
        yield orchestrators()[stored.name], payload(stored, [json.dumps(each) for each in events])


def floor(host: Host, instances: Iterable[str], *, latest: bool = False) -> Floor:
    made = [each for instance in instances for each in calls(host, instance, latest=latest)]
    context: Any = func.OrchestrationContext
    wall, cpu = time.perf_counter(), time.thread_time()
    for handle, text in made:
        handle(context=context(text))
    return Floor(time.perf_counter() - wall, time.thread_time() - cpu, len(made))
