"""The control API by its own client, with which tests and tools tell a cloud how to behave."""

from collections.abc import Iterator

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl, ControlRefused
from devkit.tls import TlsFiles
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.receiving import Receiver
from tests.devkit.cloud.running import Cloud, MakeCloud, MakeClouds
from tests.devkit.cloud.test_cloud_vault import ask, with_vault


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with with_vault(MakeClouds(tmp_path_factory.mktemp("control"), tls), "controlled").serving() as made:
        yield made


@pytest.fixture
def control(cloud: Cloud) -> Iterator[CloudControl]:
    with behaving(cloud) as control:
        yield control


def test_events_are_made_to_order(control: CloudControl, receiver: Receiver) -> None:
    assert control.subscribe(receiver.endpoint)["provisioningState"] == "Succeeded"
    assert control.set_event_chaos(duplicates=1, seed=3)["duplicates"] == 1
    (event,) = control.publish("control/made", tag="v1")
    assert [receiver.next()["id"] for _ in range(2)] == [event["id"]] * 2
    assert control.set_event_chaos()["duplicates"] == control.event_chaos()["duplicates"] == 0
    assert control.dead_letters() == []
    with control.unheard(receiver.endpoint), pytest.raises(ControlRefused, match="409 nobody is subscribed"):
        control.publish("control/made", tag="v1")
    assert control.subscription()["provisioningState"] == "Succeeded"
    control.subscribe(None)


def test_time_switches_and_pace_are_set_one_by_one(control: CloudControl) -> None:
    assert (control.set_clock(scale=5)["scale"], control.set_clock(skew_seconds=60)["scale"]) == (5, 5)
    control.set_clock(scale=1, skew_seconds=0)
    control.set_unknowns(sha512="accepted")
    assert control.unknowns()["sha512"] == "accepted"
    before = control.set_imports()
    with control.slow_imports(3):
        assert control.set_imports()["latencySeconds"] == 3
    assert control.set_imports() == before


def test_an_end_that_nobody_could_write_is_refused_and_breaks_nothing(cloud: Cloud, control: CloudControl) -> None:
    client = cloud.config["principals"][1]["clientId"]
    for path in (f"apps/{client}/secrets/far", "tokens/pull/passwords/password2"):
        with pytest.raises(ControlRefused, match="400 expiresInSeconds must be at most"):
            control.send("PUT", path, {"value": "a-secret", "expiresInSeconds": 1e12})
    with pytest.raises(ControlRefused, match="400 afterSeconds must be at most"):
        control.send("PUT", "tokens/pull/passwords/password2", {"value": "a-secret", "afterSeconds": 1e12})
    control.send("GET", "apps")
    control.send("GET", "tokens")


def test_credentials_come_and_go(cloud: Cloud, control: CloudControl) -> None:
    client = cloud.config["principals"][1]["clientId"]
    control.set_secret(client, "next", "another-secret", expires_in_seconds=3600)
    assert cloud.entra_token(principal=1, client_secret="another-secret").status == 200
    control.remove_secret(client, "next")
    control.revoke(client)
    assert control.disable(client)["disabled"] is True
    assert cloud.entra_token(principal=1).json["error"] == "unauthorized_client"
    assert [one["disabled"] for one in control.apps() if one["clientId"] == client] == [True]


def test_a_vault_has_its_faults_and_its_secrets(cloud: Cloud, control: CloudControl) -> None:
    control.set_vault_secret("made", "of words")
    assert ask(cloud, "GET", "/secrets/made/").json["value"] == "of words"
    control.impose(faults.status(429, retry_after=5), on=faults.calls("vault"), times=1)
    control.impose(faults.unauthorized(), on=faults.calls("vault"), times=1)
    throttled, expired = (ask(cloud, "GET", "/secrets/made/") for _ in range(2))
    assert (throttled.status, throttled.headers["Retry-After"], throttled.code) == (429, "5", "Throttled")
    assert (expired.status, "Bearer" in expired.headers["WWW-Authenticate"]) == (401, True)
    control.delete_vault_secret("made")
    assert [one["deleted"] for one in control.vault() if one["name"] == "made"] == [True]


@pytest.mark.parametrize(
    "wrong", [{"locations": 5}, {"without": "id"}, {"connectedRegistry": 5}, {"digest": 5}, {"copies": True}, {"overrides": [1]}]
)
def test_an_event_that_cannot_be_made_is_told(control: CloudControl, wrong: dict[str, object]) -> None:
    with pytest.raises(ControlRefused, match="400"):
        control.publish("control/wrong", **wrong)


def test_a_failure_of_its_own_is_answered_as_json_and_logged(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("failing").start()
    headers = {"x-control-key": cloud.config["controlKey"]}
    answer = cloud.call("control", "PUT", "/control/faults", body=b"[" * 60_000, headers=headers)
    assert (answer.status, "log" in answer.json["error"]) == (500, True)
    assert "RecursionError" in cloud.log.read_text()
