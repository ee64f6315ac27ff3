"""Much at once: large values, long histories, many instances. Times are printed, for whoever looks, and judged by nobody."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.waiting import fill
from devkit.host.durable.messages import Kind
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import ENDED, WEBHOOK, Host, eventually

pytestmark = pytest.mark.large

TEN = 10_000_000  # characters, and bytes
WIDE = 5_000
MANY = 10_000
NAP = '{"seconds": 86400}'


def output_of(host: Host, orchestrator: str, value: Any) -> Any:
    """Without asking for the input each time one looks."""
    instance = host.begin(orchestrator, value)
    return eventually(lambda: (found := host.status(instance, "showInput=false"))["runtimeStatus"] == "Completed" and found, "the end")[
        "output"
    ]


def test_ten_megabytes_go_through_starts_activities_and_outputs(host: Host) -> None:
    assert output_of(host, "chain", {"name": "y" * TEN, "number": 1})["greeting"] == f"hello {'y' * TEN}"


def test_ten_megabytes_are_an_entity_s_state(host: Host) -> None:
    value = ["z" * TEN]
    host.client("signal_entity", entityId=["tally", "large"], operation_name="set", operation_input=value)
    read = eventually(
        lambda: (answer := host.call("GET", f"{WEBHOOK}/entities/tally/large")).status == 200 and answer.json, "the entity's state"
    )
    assert (json.loads(read) if isinstance(read, str) else read) == value


def test_ten_megabytes_in_an_event(host: Host) -> None:
    instance = host.begin("listener")
    assert host.call("POST", f"{WEBHOOK}/instances/{instance}/raiseEvent/go", "e" * TEN).status == 202
    assert host.ended(instance)["output"] == {"got": "e" * TEN}


def test_a_history_of_ten_thousand_events(make_host: MakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    host = make_host().start()
    began = time.monotonic()
    wide = host.begin("everything", {"numbers": list(range(WIDE))})
    chain = host.begin("chain", {"name": "alone", "number": 1})
    alone = eventually(lambda: (found := host.status(chain))["runtimeStatus"] in ENDED and found, "the end of the chain", patience=120)
    beside = time.monotonic() - began
    eventually(lambda: host.status(wide, "showInput=false")["runtimeStatus"] == "Completed", "the end of the fan", patience=120)
    took = time.monotonic() - began
    assert alone["runtimeStatus"] == "Completed"
    assert host.status(wide)["output"] == [2 * number for number in range(WIDE)]
    kinds = Counter(Kind(each["EventType"]) for each in host.history(wide))
    assert kinds[Kind.TASK_SCHEDULED] == kinds[Kind.TASK_COMPLETED] == WIDE
    assert kinds[Kind.ORCHESTRATOR_STARTED] <= 40  # each replays the whole history; completions are let gather between them
    with capsys.disabled():
        print(f"\na fan-out of {WIDE}: {took:.1f} s, in {kinds[Kind.ORCHESTRATOR_STARTED]} episodes; a chain beside it {beside:.2f} s")


def test_a_host_with_ten_thousand_waiting_instances_starts_at_once(make_host: MakeHost, capsys: pytest.CaptureFixture[str]) -> None:
    host = make_host()
    fill(host.folder / "state", MANY, datetime.now(UTC) + timedelta(days=1), value=NAP, at_once={7})
    began = time.monotonic()
    host.start()
    started = time.monotonic() - began
    assert host.ended("nap7")["runtimeStatus"] == "Completed"
    assert host.run("chain", {"name": "new", "number": 1})["runtimeStatus"] == "Completed"
    with capsys.disabled():
        print(f"\n{MANY} waiting instances: ready in {started:.1f} s, two ended in {time.monotonic() - began - started:.2f} s")
    listed = host.call("GET", f"{WEBHOOK}/instances?top={MANY}&runtimeStatus=Running&showInput=false").json
    assert len(listed) == MANY - 1
