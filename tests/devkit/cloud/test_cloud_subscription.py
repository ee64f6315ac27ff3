"""An event subscription: what it may say, and how a webhook proves that it wants the events."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.devkit.cloud.receiving import VALIDATION, Receiver, advance, attempted, events_of, settled, subscribe
from tests.devkit.cloud.running import Cloud, MakeCloud


def fetched(cloud: Cloud, url: str) -> int:
    """By anybody: there is no token."""
    assert url.startswith(cloud.url("arm"))
    parts = urlsplit(url)
    return cloud.call("arm", "GET", f"{parts.path}?{parts.query}").status


def publish(cloud: Cloud, repository: str) -> None:
    cloud.control("POST", "events", {"repository": repository})


def test_a_webhook_returns_the_code(grid: Cloud, receiver: Receiver) -> None:
    shown = subscribe(grid, receiver, destination="webhook", name="replication")
    assert (shown["endpoint"], shown["provisioningState"]) == (receiver.shown, "Succeeded")
    request = receiver.handshakes.get_nowait()
    assert request.headers["aeg-event-type"] == "SubscriptionValidation"
    assert request.headers["aeg-subscription-name"] == "REPLICATION"
    (event,) = request.body
    assert (event["eventType"], event["topic"], event["subject"]) == (VALIDATION, grid.registry_id, "")
    assert event["data"].keys() == {"validationCode", "validationUrl"}
    publish(grid, "handshake/done")
    assert receiver.next()["subject"] == "handshake/done"


def test_a_webhook_that_refuses_gets_nothing_until_it_is_set_again(grid: Cloud, receiver: Receiver) -> None:
    receiver.told.statuses = [403]
    shown = subscribe(grid, receiver, destination="webhook")
    assert shown["provisioningState"] == "Failed"
    assert shown["why"] == f"The attempt to validate the provided endpoint {receiver.shown} failed: status 403."
    grid.push_image("handshake/lost", "v1")
    assert events_of(grid, "handshake/lost") == []  # there is no subscription, so nothing is kept for it
    assert grid.control("PUT", "event-subscription", {"endpoint": receiver.endpoint})["provisioningState"] == "Succeeded"
    publish(grid, "handshake/again")
    assert receiver.next()["subject"] == "handshake/again"


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
def test_a_webhook_that_answers_to_another_is_refused(grid: Cloud, receiver: Receiver, schema: str) -> None:
    receiver.told.says_instead = "somebody.example"
    shown = subscribe(grid, receiver, destination="webhook", schema=schema)
    assert shown["provisioningState"] == "Failed" and "another" in shown["why"]


def test_a_validation_by_hand_has_ten_minutes(grid: Cloud, receiver: Receiver) -> None:
    receiver.told.shakes_hands = False
    assert subscribe(grid, receiver, destination="webhook")["provisioningState"] == "AwaitingManualAction"
    late = receiver.handshakes.get_nowait().body[0]["data"]["validationUrl"]
    advance(grid, 601)
    assert fetched(grid, late) == 400
    assert grid.control("GET", "event-subscription")["provisioningState"] == "Failed"

    subscribe(grid, receiver, destination="webhook")
    url = receiver.handshakes.get_nowait().body[0]["data"]["validationUrl"]
    publish(grid, "handshake/hand")
    advance(grid, 500)
    assert fetched(grid, late) == 400
    assert [event["attempts"] for event in events_of(grid, "handshake/hand")] == [0]
    assert fetched(grid, url) == 200
    assert receiver.next()["subject"] == "handshake/hand"
    assert settled(grid, "handshake/hand") == [("handshake/hand", "delivered", 1, 200)]


def test_cloud_events_ask_by_options(grid: Cloud, receiver: Receiver) -> None:
    shown = subscribe(grid, receiver, destination="webhook", schema="CloudEventSchemaV1_0")
    assert shown["provisioningState"] == "Succeeded"
    request = receiver.handshakes.get_nowait()
    assert (request.method, request.headers["WebHook-Request-Origin"]) == ("OPTIONS", "eventgrid.azure.net")
    receiver.told.shakes_hands = False
    shown = subscribe(grid, receiver, destination="webhook", schema="CloudEventSchemaV1_0")
    assert shown["provisioningState"] == "AwaitingManualAction"
    assert fetched(grid, receiver.handshakes.get_nowait().headers["WebHook-Request-Callback"]) == 200
    assert grid.control("GET", "event-subscription")["provisioningState"] == "Succeeded"


def test_what_is_not_delivered_goes_with_its_subscription(grid: Cloud, receiver: Receiver) -> None:
    receiver.told.statuses = [500, 500]
    subscribe(grid, receiver)
    publish(grid, "handshake/paused")
    attempted(grid, "handshake/paused", 1)
    assert grid.control("PUT", "event-subscription", {"endpoint": None}) == {"endpoint": None}
    advance(grid, 11)
    subscribe(grid, receiver)
    assert attempted(grid, "handshake/paused", 2)["state"] == "pending"
    assert grid.control("DELETE", "event-subscription") == {"endpoint": None}
    assert settled(grid, "handshake/paused") == [("handshake/paused", "dropped", 2, 500)]


def test_a_function_needs_no_handshake(grid: Cloud, receiver: Receiver) -> None:
    assert subscribe(grid, receiver)["provisioningState"] == "Succeeded"
    assert receiver.handshakes.empty()


def test_the_settings_files_webhook_is_validated_once(make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = make_cloud("hooked", eventSubscription={"endpoint": receiver.endpoint, "destination": "webhook"}).start()
    cloud.push_image("team/app", "v1")
    assert receiver.next()["subject"] == "team/app:v1"
    settled(cloud, "team/app")
    cloud.kill()
    cloud.start()
    cloud.push_image("team/app", "v2")
    assert receiver.next()["subject"] == "team/app:v2"
    assert receiver.handshakes.qsize() == 1


def test_a_handshake_that_a_restart_interrupts_begins_anew(make_cloud: MakeCloud, receiver: Receiver) -> None:
    receiver.told.held.clear()
    cloud = make_cloud("hooked", eventSubscription={"endpoint": receiver.endpoint, "destination": "webhook"}).start()
    receiver.handshakes.get(timeout=10)
    cloud.kill()
    receiver.told.held.set()
    cloud.start()
    cloud.push_image("team/app", "v1")
    assert receiver.next()["subject"] == "team/app:v1"


@pytest.mark.parametrize(
    "value",
    [
        {"endpoint": "ftp://somewhere"},
        {"destination": "servicebus"},
        {"schema": "CustomInputSchema"},
        {"maxEventsPerBatch": 5_001},
        {"preferredBatchSizeInKilobytes": 0},
        {"retryPolicy": {"maxDeliveryAttempts": 31}},
        {"retryPolicy": {"eventTimeToLiveInMinutes": 1.5}},
        {"retryPolicy": "often"},
        {"deadLetterContainer": "../elsewhere"},
        {"filter": {"advancedFilters": [{"operatorType": "StringSounds", "key": "data.action", "values": ["push"]}]}},
        {"filter": {"advancedFilters": [{"operatorType": "StringIn", "values": ["push"]}]}},
        {"filter": {"advancedFilters": [{"operatorType": "NumberIn", "key": "data.target.size", "values": ["push"]}]}},
    ],
)
def test_what_a_subscription_cannot_be_is_refused(grid: Cloud, receiver: Receiver, value: dict[str, Any]) -> None:
    before = subscribe(grid, receiver)
    headers = {"x-control-key": grid.config["controlKey"]}
    answer = grid.call("control", "PUT", "/control/event-subscription", body=json.dumps(value).encode(), headers=headers)
    assert answer.status == 400 and answer.json["error"]
    assert grid.control("GET", "event-subscription") == before
