"""Delivery as Event Grid documents it (acr.md 1.4), at a receiver that refuses, is slow, or wants batches."""

import json
from typing import Any

import pytest

from tests.devkit.cloud.receiving import Receiver, advance, attempted, events_of, settled, subscribe, until
from tests.devkit.cloud.running import Cloud, MakeCloud, digest_of, image


def publish(cloud: Cloud, repository: str, **order: Any) -> str:
    """The id of an event made to order: what is delivered here is not the question."""
    return str(cloud.control("POST", "events", {"repository": repository, **order})[0]["id"])


def test_the_schedule_is_followed_by_the_clouds_clock(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    receiver.told.statuses = [500, 206, 302, 599]
    publish(grid, "schedule/app")
    for attempts, pause in enumerate((10, 30, 60, 300), 1):
        attempted(grid, "schedule/app", attempts)
        advance(grid, pause - 5)
        assert attempted(grid, "schedule/app", attempts)["state"] == "pending"
        advance(grid, 6)
    assert settled(grid, "schedule/app") == [("schedule/app", "delivered", 5, 200)]
    sent = [receiver.request() for _ in range(5)]
    assert len({request.headers["aeg-output-event-id"] for request in sent}) == 1
    assert [request.headers["aeg-delivery-count"] for request in sent] == list("01234")


@pytest.mark.parametrize(("status", "pause", "outcome"), [(404, 300, "NotFound"), (408, 120, "TimedOut"), (503, 30, "Busy")])
def test_some_answers_ask_for_a_longer_pause(grid: Cloud, receiver: Receiver, status: int, pause: int, outcome: str) -> None:
    subscribe(grid, receiver)
    receiver.told.statuses = [status]
    publish(grid, f"pause/{status}")
    assert attempted(grid, f"pause/{status}", 1)["lastOutcome"] == outcome
    advance(grid, pause - 5)
    assert attempted(grid, f"pause/{status}", 1)["lastStatus"] == status
    advance(grid, 6)
    assert settled(grid, f"pause/{status}") == [(f"pause/{status}", "delivered", 2, 200)]


@pytest.mark.parametrize(("destination", "status"), [("azurefunction", 400), ("azurefunction", 413), ("webhook", 400), ("webhook", 401)])
def test_some_answers_are_final(grid: Cloud, receiver: Receiver, destination: str, status: int) -> None:
    subscribe(grid, receiver, destination=destination)
    receiver.told.statuses = [status]
    publish(grid, f"final/{destination}/{status}")
    (event,) = until(lambda: events_of(grid, f"final/{destination}/{status}"), lambda events: events[0]["state"] != "pending")
    assert (event["state"], event["attempts"], event["lastStatus"]) == ("dropped", 1, status)
    assert event["reason"] == "Undeliverable due to client error"


@pytest.mark.parametrize(("answer", "state"), [("retried", "pending"), ("final", "dropped")])
def test_a_403_is_final_or_not(grid: Cloud, receiver: Receiver, answer: str, state: str) -> None:
    grid.control("PUT", "unknowns", {"forbiddenDelivery": answer})
    subscribe(grid, receiver)
    receiver.told.statuses = [403]
    publish(grid, f"forbidden/{answer}")
    assert attempted(grid, f"forbidden/{answer}", 1)["state"] == state
    grid.control("PUT", "unknowns", {"forbiddenDelivery": "retried"})


def test_a_401_of_a_function_is_tried_again(grid: Cloud, receiver: Receiver) -> None:
    """Such as its key being rotated."""
    subscribe(grid, receiver)
    receiver.told.statuses = [401]
    publish(grid, "rotated/app")
    assert attempted(grid, "rotated/app", 1)["state"] == "pending"
    advance(grid, 301)
    assert settled(grid, "rotated/app") == [("rotated/app", "delivered", 2, 200)]


def test_attempts_and_time_to_live_end_it(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, retryPolicy={"maxDeliveryAttempts": 2})
    receiver.told.statuses = [500] * 3
    publish(grid, "ends/attempts")
    attempted(grid, "ends/attempts", 1)
    advance(grid, 11)
    assert settled(grid, "ends/attempts") == [("ends/attempts", "dropped", 2, 500)]
    assert events_of(grid, "ends/attempts")[0]["reason"] == "MaxDeliveryAttemptsExceeded"

    subscribe(grid, receiver, retryPolicy={"eventTimeToLiveInMinutes": 1})
    receiver.told.statuses = [500, 500, 500]
    publish(grid, "ends/time")
    for attempts, pause in ((1, 10), (2, 30), (3, 60)):
        attempted(grid, "ends/time", attempts)
        advance(grid, pause + 1)  # its minute is over after the third attempt; that is noticed when the fourth is due
    assert settled(grid, "ends/time") == [("ends/time", "dropped", 3, 500)]
    assert events_of(grid, "ends/time")[0]["reason"] == "TimeToLiveExceeded"


def test_an_answer_after_thirty_seconds_is_late_but_may_count(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    receiver.told.held.clear()
    publish(grid, "late/app")
    receiver.request()
    advance(grid, 31)
    event = attempted(grid, "late/app", 1)
    assert (event["state"], event["lastStatus"], event["lastOutcome"]) == ("pending", None, "TimedOut")
    receiver.told.held.set()
    assert settled(grid, "late/app") == [("late/app", "delivered", 1, 200)]
    advance(grid, 60)
    publish(grid, "late/next")
    assert receiver.next()["subject"] == "late/next"  # the late one was not sent again


def test_a_late_answer_does_not_bring_back_what_was_given_up(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, retryPolicy={"maxDeliveryAttempts": 1})
    receiver.told.held.clear()
    publish(grid, "gaveup/late")
    receiver.request()
    advance(grid, 31)
    assert attempted(grid, "gaveup/late", 1)["state"] == "dropped"
    receiver.told.held.set()
    publish(grid, "gaveup/next")
    assert settled(grid, "gaveup/") == [("gaveup/late", "dropped", 1, None), ("gaveup/next", "delivered", 1, 200)]


def test_nobody_there(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, endpoint="http://127.0.0.1:1/nobody")
    publish(grid, "nobody/app")
    assert attempted(grid, "nobody/app", 1)["lastOutcome"] == "SocketError"
    subscribe(grid, receiver)
    advance(grid, 11)
    assert settled(grid, "nobody/app") == [("nobody/app", "delivered", 2, 200)]


def test_cloud_events(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, schema="CloudEventSchemaV1_0")
    (event,) = grid.control("POST", "events", {"repository": "cloudevents/app", "tag": "v1"})
    request = receiver.request()
    assert request.headers["Content-Type"].partition(";")[0] == "application/cloudevents+json"
    assert request.headers["aeg-event-type"] == "Notification"
    assert request.body == {
        "id": event["id"], "source": grid.registry_id, "subject": "cloudevents/app:v1", "time": event["eventTime"],
        "type": "Microsoft.ContainerRegistry.ImagePushed", "specversion": "1.0", "data": event["data"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "content_type"),
    [("EventGridSchema", "application/json"), ("CloudEventSchemaV1_0", "application/cloudevents-batch+json")],
)
def test_batches_are_taken_as_a_whole_or_not_at_all(grid: Cloud, receiver: Receiver, schema: str, content_type: str) -> None:
    subscribe(grid, receiver, endpoint="http://127.0.0.1:1/nobody")
    ids = {publish(grid, f"batch/{content_type}", tag=f"v{number}") for number in range(5)}
    until(lambda: events_of(grid, f"batch/{content_type}"), lambda events: all(event["attempts"] == 1 for event in events))
    receiver.told.statuses = [500]
    subscribe(grid, receiver, schema=schema, maxEventsPerBatch=5, preferredBatchSizeInKilobytes=1024)
    advance(grid, 11)
    refused = receiver.request()
    assert refused.headers["Content-Type"].partition(";")[0] == content_type
    assert {event["id"] for event in refused.body} == ids
    until(lambda: events_of(grid, f"batch/{content_type}"), lambda events: all(event["attempts"] == 2 for event in events))
    advance(grid, 31)
    assert {event["id"] for event in receiver.request().body} == ids
    assert {state for _, state, _, _ in settled(grid, f"batch/{content_type}")} == {"delivered"}


def test_a_batch_keeps_to_its_size(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, maxEventsPerBatch=100, preferredBatchSizeInKilobytes=2)
    grid.control("POST", "events", {"repository": "sizes/app", "copies": 9})
    sizes: list[int] = []
    while sum(sizes) < 9:
        request = receiver.request()
        sizes.append(len(request.body))
        assert len(request.body) == 1 or len(json.dumps(request.body)) < 3 * 1024
    assert max(sizes) > 1


def test_the_filter_decides_when_an_event_is_published(grid: Cloud, receiver: Receiver) -> None:
    advanced = [{"operatorType": "StringBeginsWith", "key": "data.target.repository", "values": ["filter/team"]}]
    subscribe(grid, receiver, filter={"subjectEndsWith": ":v1", "advancedFilters": advanced})
    for repository, tag in (("filter/team-a", "v1"), ("filter/team-b", "v2"), ("filter/other", "v1"), ("filter/team-c", "v1")):
        publish(grid, repository, tag=tag)
    assert [event["subject"] for event in events_of(grid, "filter/")] == ["filter/team-a:v1", "filter/team-c:v1"]


def test_a_bad_endpoint_is_left_alone_for_a_while(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, probation=True)
    receiver.told.statuses = [503] * 10
    grid.control("POST", "events", {"repository": "probation/old", "copies": 10})
    until(lambda: events_of(grid, "probation/old"), lambda events: all(event["attempts"] == 1 for event in events))
    assert "probationUntil" in grid.control("GET", "event-subscription")
    publish(grid, "probation/new")
    advance(grid, 5)
    assert attempted(grid, "probation/new", 0)["state"] == "pending"  # though it was never tried
    advance(grid, 6)
    assert settled(grid, "probation/new") == [("probation/new", "delivered", 1, 200)]
    assert "probationUntil" not in grid.control("GET", "event-subscription")


def test_another_endpoint_is_not_on_probation(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver, probation=True)
    receiver.told.statuses = [503] * 10
    grid.control("POST", "events", {"repository": "probation/before", "copies": 10})
    until(lambda: grid.control("GET", "event-subscription"), lambda shown: "probationUntil" in shown)
    subscribe(grid, receiver, probation=True)
    publish(grid, "probation/after")
    assert settled(grid, "probation/after") == [("probation/after", "delivered", 1, 200)]


def test_an_event_outlives_a_kill_before_it_is_delivered(make_cloud: MakeCloud, receiver: Receiver) -> None:
    receiver.told.held.clear()
    cloud = make_cloud("killed", eventSubscription={"endpoint": receiver.endpoint}).start()
    cloud.push_image("team/app", "v1")  # whose 201 has promised the event
    receiver.request()
    cloud.kill()
    receiver.told.held.set()
    cloud.start()
    assert receiver.next()["data"]["target"]["digest"] == digest_of(image(b"layer"))
    assert settled(cloud, "team/app") == [("team/app:v1", "delivered", 1, 200)]


def test_what_the_control_api_subscribed_outlives_a_kill(make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = make_cloud("moved", eventSubscription={"endpoint": "http://127.0.0.1:1/nobody"}).start()
    shown = cloud.control("PUT", "event-subscription", {"endpoint": receiver.endpoint})
    assert shown == {"endpoint": receiver.shown, "provisioningState": "Succeeded"}
    cloud.kill()
    cloud.start()
    cloud.push_image("team/app", "v1")
    assert receiver.next()["subject"] == "team/app:v1"
