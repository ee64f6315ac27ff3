"""Dead letters: blobs in Event Grid's layout, with what became of their events."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.devkit.cloud.receiving import Receiver, advance, attempted, events_of, subscribe, until
from tests.devkit.cloud.running import Cloud

BLOB = re.compile(r"undelivered/REPLICATION/\d{4}/[1-9]\d?/[1-9]\d?/(0|[1-9]\d?)/[0-9a-f-]{36}\.json")


def dead(cloud: Cloud, receiver: Receiver, repository: str, **more: Any) -> dict[str, Any]:
    """An event that was refused for good, not yet written."""
    subscribe(cloud, receiver, **{"name": "Replication", "deadLetterContainer": "undelivered", **more})
    receiver.told.statuses = [400]
    (event,) = cloud.control("POST", "events", {"repository": repository})
    assert attempted(cloud, repository, 1)["state"] == "dead"
    return dict(event)


def written(cloud: Cloud, repository: str) -> str:
    (event,) = until(lambda: events_of(cloud, repository), lambda events: events[0]["blob"])
    assert event["state"] == "dead"
    return str(event["blob"])


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
def test_a_dead_letter_is_written_five_minutes_later(grid: Cloud, receiver: Receiver, schema: str) -> None:
    repository = f"dead/{schema.lower()}"
    event = dead(grid, receiver, repository, schema=schema)
    advance(grid, 290)
    assert events_of(grid, repository)[0]["blob"] is None
    advance(grid, 15)
    name = written(grid, repository)
    assert BLOB.fullmatch(name)
    assert (Path(grid.config["state"]) / "deadletters" / name).is_file()
    (blob,) = (blob for blob in grid.control("GET", "dead-letters") if blob["blob"] == name)
    (letter,) = blob["events"]
    members = ["deadLetterReason", "deliveryAttempts", "lastDeliveryOutcome", "publishTime", "lastDeliveryAttemptTime"]
    names = members if schema == "EventGridSchema" else [member.lower() for member in members]
    reason, attempts, outcome, published, last = (letter.pop(name) for name in names)
    assert (reason, attempts, outcome) == ("Undeliverable due to client error", 1, "BadRequest")
    assert published <= last
    assert letter["id"] == event["id"] and letter["data"] == event["data"]
    assert ("specversion" in letter) == (schema != "EventGridSchema")


def test_several_may_share_a_blob(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, name="Replication", deadLetterContainer="undelivered", retryPolicy={"maxDeliveryAttempts": 1})
    receiver.told.statuses = [500, 500]
    grid.control("POST", "events", {"repository": "dead/two", "copies": 2})
    until(lambda: events_of(grid, "dead/two"), lambda events: all(event["state"] == "dead" for event in events))
    advance(grid, 301)
    blobs = {event["blob"] for event in until(lambda: events_of(grid, "dead/two"), lambda events: all(event["blob"] for event in events))}
    assert len(blobs) == 1
    letters = next(blob["events"] for blob in grid.control("GET", "dead-letters") if blob["blob"] in blobs)
    assert [letter["deadLetterReason"] for letter in letters] == ["MaxDeliveryAttemptsExceeded"] * 2
    assert [letter["lastDeliveryOutcome"] for letter in letters] == ["GenericError"] * 2


def test_a_container_that_is_gone_loses_them(grid: Cloud, receiver: Receiver) -> None:
    dead(grid, receiver, "dead/gone", deadLetterContainer="vanishing")
    shutil.rmtree(Path(grid.config["state"]) / "deadletters" / "vanishing")
    advance(grid, 301)
    (event,) = until(lambda: events_of(grid, "dead/gone"), lambda events: events[0]["state"] != "dead")
    assert (event["state"], event["blob"]) == ("dropped", None)


def test_a_container_that_cannot_be_written_to_has_four_hours(grid: Cloud, receiver: Receiver) -> None:
    folder = Path(grid.config["state"]) / "deadletters" / "stubborn"
    for repository, heals in (("dead/heals", True), ("dead/lost", False)):
        dead(grid, receiver, repository, deadLetterContainer="stubborn")
        (folder / "REPLICATION").write_text("in the way of a folder")
        advance(grid, 301)
        until(lambda: events_of(grid, repository)[0], lambda event: event["due"] and event["due"] > grid.control("GET", "clock")["now"])  # noqa: B023 - asked at once
        if heals:
            (folder / "REPLICATION").unlink()
            advance(grid, 61)
            assert written(grid, repository)
            shutil.rmtree(folder / "REPLICATION")
        else:
            advance(grid, 4 * 3_600)
            until(lambda: events_of(grid, repository)[0], lambda event: event["state"] == "dropped")  # noqa: B023
