"""The starter at the edge of Durable: what the client answers decides whether anything is started."""

import asyncio
import json
import logging
from typing import Any

import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

import function_app
import telemetry

REGISTRY = "/subscriptions/s/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/contoso"
GUID = "00000000-0000-0000-0000-000000000000"
TARGET = {
    "name": "china",
    "cloud": "china",
    "registry": REGISTRY.replace("contoso", "contosocn").replace("/s/", f"/{GUID}/"),
    "tenantId": GUID,
    "clientId": GUID,
    "clientSecretSetting": "ChinaClientSecret",
}
SETTINGS = {
    "SourceACRResourceId": REGISTRY.replace("/s/", f"/{GUID}/"),
    "SourceACRPullTokenName": "pull",
    "SourceACRPullTokenPassword": "a password",
    "ReplicationTargets": json.dumps([TARGET]),
    "ChinaClientSecret": "a secret",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
UNKNOWN: Any = ""  # the body of the extension's 404
TIME = "2026-01-01T00:00:00Z"
KNOWN: Any = {"instanceId": "i", "createdTime": TIME, "lastUpdatedTime": TIME, "runtimeStatus": "Completed"}
BROKEN: Any = {"Message": "Something went wrong", "ExceptionMessage": "the store is down"}


class Client:
    """Answers `get_status` with these bodies as the SDK reads them, the last again and again; remembers what was started."""

    def __init__(self, *bodies: Any, refuses: bool = False) -> None:
        self._bodies = list(bodies)
        self._refuses = refuses
        self.started: list[str] = []

    async def get_status(self, _: str) -> DurableOrchestrationStatus:
        body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
        status: DurableOrchestrationStatus = DurableOrchestrationStatus.from_json(body)
        return status

    async def start_new(self, orchestration: str, instance: str, given: dict[str, Any]) -> None:
        if self._refuses:
            raise RuntimeError(f"An Orchestration instance of {orchestration} already exists: {instance}, {len(given)}")
        self.started.append(orchestration)


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def deliver(client: Client, *, host: str = "contoso.azurecr.io") -> None:
    target = {"repository": "team/app", "tag": "v1", "digest": f"sha256:{'0' * 64}"}
    event = {
        "id": "1",
        "topic": SETTINGS["SourceACRResourceId"],
        "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "data": {"target": target, "request": {"host": host}},
    }
    starter = function_app.on_image_event.build().get_user_function().client_function
    asyncio.run(starter(json.dumps(event), client))


def test_an_unknown_event_is_started() -> None:
    client = Client(UNKNOWN)
    deliver(client)
    assert client.started == ["replicate_image_event"]


def test_a_known_one_is_not_even_when_it_has_ended() -> None:
    client = Client(KNOWN)
    deliver(client)
    assert client.started == []


def test_nothing_is_started_where_there_is_no_telling() -> None:
    """The SDK makes a status of an error that is as false as an unknown instance's: a run that has ended would be replaced."""
    client = Client(BROKEN)
    with pytest.raises(RuntimeError, match="did not tell whether"):
        deliver(client)
    assert client.started == []


def test_one_that_another_delivery_has_just_started_is_done() -> None:
    deliver(Client(UNKNOWN, KNOWN, refuses=True))


def test_one_that_cannot_be_started_is_delivered_again() -> None:
    with pytest.raises(RuntimeError, match="already exists"):
        deliver(Client(UNKNOWN, refuses=True))


@pytest.mark.parametrize("host, counted", [("contoso.azurecr.io", []), ("CONTOSO.azurecr.io", []), ("evil.example", [1])])
def test_another_host_is_counted_and_nothing_more(monkeypatch: pytest.MonkeyPatch, host: str, counted: list[int]) -> None:
    seen: list[int] = []
    monkeypatch.setattr(telemetry.figures.foreign_hosts, "add", seen.append)
    client = Client(UNKNOWN)
    deliver(client, host=host)
    assert (seen, client.started) == (counted, ["replicate_image_event"])


def test_what_azure_identity_would_log_of_an_answer_is_not_logged() -> None:
    """It warns with the whole answer when that holds no token."""
    telemetry.configure()
    assert not logging.getLogger("azure.identity.aio._internal.get_token_mixin").isEnabledFor(logging.WARNING)
