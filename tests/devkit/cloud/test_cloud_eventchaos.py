"""Events doubled, out of order, late and lost: only when asked, from a seed, and counted."""

import json
from typing import Any

import pytest

from tests.devkit.cloud.receiving import Receiver, advance, events_of, settled
from tests.devkit.cloud.running import Cloud, MakeCloud


def published(make_cloud: MakeCloud, receiver: Receiver, name: str, count: int, **chaos: Any) -> Cloud:
    cloud = make_cloud(name, eventSubscription={"endpoint": receiver.endpoint}).start()
    shown = cloud.control("PUT", "event-chaos", chaos)
    assert (shown["doubled"], shown["delayed"], shown["dropped"]) == (0, 0, 0)
    for number in range(count):
        cloud.control("POST", "events", {"repository": "chaos/app", "tag": f"v{number:03}"})
    return cloud


def fates(cloud: Cloud) -> list[tuple[str, str]]:
    return [(event["subject"], event["state"]) for event in events_of(cloud, "chaos/")]


def test_chance_is_the_same_for_the_same_seed_and_is_counted(make_cloud: MakeCloud, receiver: Receiver) -> None:
    chaos = {"duplicates": 0.2, "drop": 0.1, "reorder": 60, "seed": 7}
    first, second = (published(make_cloud, receiver, name, 60, **chaos) for name in ("first", "second"))
    for cloud in (first, second):
        advance(cloud, 61)
        settled(cloud, "chaos/")
    assert fates(first) == fates(second)
    counted = first.control("GET", "event-chaos")
    states = [state for _, state in fates(first)]
    arrived = {subject for subject, state in fates(first) if state == "delivered"}
    assert 0 < counted["dropped"] == states.count("dropped") == 60 - len(arrived)
    assert 0 < counted["doubled"] == len(states) - 60
    assert counted["delayed"] == states.count("delivered")
    first.kill()
    first.start()
    assert first.control("GET", "event-chaos") == counted


def test_events_come_out_of_order_and_late_by_the_clock(make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = published(make_cloud, receiver, "late", 20, delaySeconds=100, reorder=True)
    assert {state for _, state in fates(cloud)} == {"pending"}
    advance(cloud, 99)
    order = []
    for _ in range(12):
        advance(cloud, 1)
        order += [subject for subject, state in fates(cloud) if state != "pending" and subject not in order]
    settled(cloud, "chaos/")
    received = [receiver.next()["subject"] for _ in range(20)]
    assert sorted(received) == [f"chaos/app:v{number:03}" for number in range(20)] != received


@pytest.mark.parametrize(
    "value", [{"duplicates": 2}, {"drop": True}, {"reorder": "much"}, {"delaySeconds": -1}, {"lose": 1}, {"seed": 0.5}]
)
def test_chaos_that_makes_no_sense_is_refused(grid: Cloud, value: dict[str, Any]) -> None:
    headers = {"x-control-key": grid.config["controlKey"]}
    assert grid.call("control", "PUT", "/control/event-chaos", body=json.dumps(value).encode(), headers=headers).status == 400
