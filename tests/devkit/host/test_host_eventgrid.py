"""The Event Grid webhook, as Event Grid calls it."""

import json
from typing import Any

import pytest

from tests.devkit.host.running import WEBHOOK, Answer, Host

HOOK = "/runtime/webhooks/EventGrid?functionName=on_event"


def deliver(host: Host, value: Any, kind: str = "Notification") -> Answer:
    return host.call("POST", HOOK, value, headers={"aeg-event-type": kind})


def event(name: str, **data: Any) -> dict[str, Any]:
    return {"id": name, "topic": "/a", "subject": "s", "eventType": "t", "eventTime": "2026-01-01T00:00:00+08:00", "data": data}


def test_the_handshake_echoes_the_validation_code(host: Host) -> None:
    answer = deliver(host, [event("v", validationCode="512d38b6")], "SubscriptionValidation")
    assert (answer.status, answer.json) == (200, {"validationResponse": "512d38b6"})


def test_a_handshake_without_a_code_is_a_400(host: Host) -> None:
    assert deliver(host, [event("v")], "SubscriptionValidation").status == 400
    assert deliver(host, [], "SubscriptionValidation").status == 400


def test_every_event_of_a_batch_is_one_call_and_exists_before_the_answer(host: Host) -> None:
    assert deliver(host, [event(f"batch-{number}", value=number) for number in range(4)]).status == 202
    for number in range(4):
        assert host.call("GET", f"{WEBHOOK}/instances/batch-{number}").status in (200, 202)
        assert host.ended(f"batch-{number}")["output"] == {"type": "int", "value": number}


def test_a_single_event_needs_no_array(host: Host) -> None:
    assert deliver(host, event("single", value=1)).status == 202
    host.ended("single")


def test_one_failing_event_fails_the_whole_delivery_and_the_others_have_run(host: Host) -> None:
    answer = deliver(host, [event("beside", value=1), event("failing", fail=True)])
    assert answer.status == 500
    assert "told to" not in answer.body.decode()
    assert host.ended("beside")["runtimeStatus"] == "Completed"


def test_an_empty_batch_and_an_unsubscription_are_accepted(host: Host) -> None:
    assert deliver(host, []).status == 202
    assert deliver(host, [], "Unsubscribe").status == 202


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'"text"', b"[" * 100_000])
def test_what_is_no_event_is_a_400(host: Host, body: bytes) -> None:
    assert host.call("POST", HOOK, body=body, headers={"aeg-event-type": "Notification"}).status == 400


def test_without_its_header_a_request_is_a_400(host: Host) -> None:
    assert host.call("POST", HOOK, [event("x", value=1)]).status == 400


def test_more_than_a_megabyte_is_a_413(host: Host) -> None:
    body = json.dumps([event("big", value="x" * (1 << 20))]).encode()
    assert host.call("POST", HOOK, body=body, headers={"aeg-event-type": "Notification"}).status == 413


def test_an_unknown_function_is_a_404(host: Host) -> None:
    for name in ("nobody", "chain", ""):
        answer = host.call("POST", f"/runtime/webhooks/EventGrid?functionName={name}", [], headers={"aeg-event-type": "Notification"})
        assert answer.status == 404


def test_the_handshake_of_cloud_events_allows_the_origin_that_asks(host: Host) -> None:
    answer = host.call("OPTIONS", HOOK, headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert (answer.status, answer.headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")
    assert host.call("OPTIONS", HOOK).status == 400


def test_with_enforced_keys_the_webhook_wants_its_own_key(guarded: Host) -> None:
    keys = guarded.keys
    statuses = {
        name: guarded.call("POST", f"{HOOK}&code={keys[name]}", [], headers={"aeg-event-type": "Notification"}).status for name in keys
    }
    assert statuses == {"function": 401, "durabletask_extension": 401, "eventgrid_extension": 202, "master": 202}
    assert deliver(guarded, []).status == 401


def test_a_cloud_event_reaches_its_function_and_what_that_returns_to_nobody_fails_the_delivery(host: Host) -> None:
    cloud = {"specversion": "1.0", "id": "1", "source": "/registry", "type": "t", "extra": "kept", "data": {}}
    for subject, status in (("listen", 202), ("talk", 500)):
        path = "/runtime/webhooks/EventGrid?functionName=talkative"
        answer = host.call("POST", path, {**cloud, "subject": subject}, headers={"aeg-event-type": "Notification"})
        assert answer.status == status
    assert "without a $return binding returned a non-None value" in host.log.read_text()
