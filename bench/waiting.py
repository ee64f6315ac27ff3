"""Many instances that wait for a timer, put into a host's database as they would lie there: to make them one by one takes a minute."""

import json
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from devkit.host.clock import stamp
from devkit.host.durable.messages import Kind, event
from devkit.host.durable.rows import AT_ONCE, Instance
from devkit.host.durable.store import Store
from devkit.host.durable.trace import incoming


def fill(state: Path, many: int, due: datetime, *, value: str, at_once: Collection[int] = ()) -> None:
    """In a new folder `state`, instances `nap0` and so on of the orchestrator `nap` with the input `value`, a JSON text; the timers of
    `at_once` have come."""
    state.mkdir(parents=True)
    now, until = datetime.now(UTC), stamp(due)
    begun = event(Kind.EXECUTION_STARTED, now, Name="nap", Version=None, ParentInstance=None, Input=value)
    steps = [event(Kind.ORCHESTRATOR_STARTED, now), begun, event(Kind.TIMER_CREATED, now, 0, FireAt=until)]
    texts = [json.dumps(each) for each in [*steps, event(Kind.ORCHESTRATOR_COMPLETED, now)]]
    fired = event(Kind.TIMER_FIRED, due, TimerId=0, FireAt=until)
    store = Store(state / "host.db")
    with closing(store), store.transaction():
        for number in range(many):
            name = f"nap{number}"
            store.put_instance(Instance(name, "nap", "e", "Running", value, None, None, None, incoming(None), None, stamp(now), stamp(now)))
            store.append_history(name, 0, texts)
            store.send(name, "e", fired, visible=AT_ONCE if number in at_once else until)
