"""A registry as ARM shows it, ARM's metadata, and what is on every answer."""

import re
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest

from devkit.local.control import CloudControl
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import API, ARM_AUDIENCE, Clouds, MakeCloud
from tests.devkit.cloud.test_cloud_imports import management_client


@pytest.fixture
def control(clouds: Clouds) -> Iterator[CloudControl]:
    control = clouds.target.controls
    yield control
    control.set_registry(policies={"softDeleteDays": None}, anonymousPull=False)


def test_azures_own_client_reads_the_registry(clouds: Clouds, control: CloudControl, tls: TlsFiles) -> None:
    target = clouds.target
    client = management_client(target, tls)
    _, group, _, _, _, name = target.registry_id.rsplit("/", 5)
    shown = client.registries.get(group, name)
    assert (shown.id, shown.name, shown.login_server) == (target.registry_id, name, target.login_server)
    assert (shown.sku.name, shown.provisioning_state, shown.admin_user_enabled) == ("Premium", "Succeeded", True)
    assert (shown.public_network_access, shown.data_endpoint_enabled, shown.anonymous_pull_enabled) == ("Enabled", False, False)
    assert shown.role_assignment_mode == "LegacyRegistryPermissions"
    assert isinstance(shown.creation_date, datetime)
    policies = {one: shown.policies[one]["status"] for one in ("exportPolicy", "quarantinePolicy", "softDeletePolicy", "retentionPolicy")}
    assert policies == {name: "enabled" if name == "exportPolicy" else "disabled" for name in policies}

    control.set_registry(policies={"softDeleteDays": 30}, anonymousPull=True)
    changed = client.registries.get(group, name)
    assert changed.creation_date == shown.creation_date
    assert changed.anonymous_pull_enabled is True
    kept = changed.policies["softDeletePolicy"]
    assert (kept["status"], kept["retentionDays"]) == ("enabled", 30)


def test_a_registry_in_the_other_mode(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("shown")
    registry = cloud.config["registry"]
    registry |= {"roleAssignmentMode": "AbacRepositoryPermissions", "sku": "Basic", "tokens": registry["tokens"][1:]}
    cloud.start()
    shown = cloud.arm("GET", f"{cloud.registry_id}?{API}").json
    assert shown["sku"] == {"name": "Basic", "tier": "Basic"}
    assert shown["properties"]["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert shown["properties"]["adminUserEnabled"] is False


@pytest.mark.parametrize("method, kind, remaining", [("GET", "reads", "16499"), ("POST", "writes", "1199")])
def test_every_answer_says_which_request_it_is_of(clouds: Clouds, method: str, kind: str, remaining: str) -> None:
    path, asked = f"{clouds.target.registry_id}{'/importImage' if method == 'POST' else ''}?{API}", "1ab23456-0000-4000-8000-00000000abcd"
    headers = {"Authorization": f"Bearer {clouds.target.entra_token().json['access_token']}"}
    first, second = (
        clouds.target.call("arm", method, path, headers={**headers, **more}, body=b"{}" if method == "POST" else None)
        for more in ({"x-ms-correlation-request-id": asked}, {})
    )
    assert first.headers["x-ms-correlation-request-id"] == asked
    assert UUID(first.headers["x-ms-request-id"]) != UUID(second.headers["x-ms-request-id"])
    assert re.fullmatch(rf"LOCAL:\d{{8}}T\d{{6}}Z:{asked}", first.headers["x-ms-routing-request-id"])
    assert UUID(second.headers["x-ms-correlation-request-id"]) != UUID(asked)
    assert second.headers[f"x-ms-ratelimit-remaining-subscription-{kind}"] == remaining


def test_anybody_may_read_the_metadata(clouds: Clouds) -> None:
    target = clouds.target
    (new,) = target.call("arm", "GET", "/metadata/endpoints?api-version=2022-09-01").json
    assert (new["name"], new["resourceManager"]) == ("AzureCloud", target.url("arm"))
    assert new["authentication"]["loginEndpoint"] == target.url("entra")
    assert new["authentication"]["audiences"] == [ARM_AUDIENCE]
    old = target.call("arm", "GET", "/metadata/endpoints?api-version=2015-01-01").json
    assert old["authentication"] == {"loginEndpoint": target.url("entra"), "audiences": [ARM_AUDIENCE]}
    refused = target.call("arm", "GET", "/metadata/endpoints")
    assert (refused.status, refused.code) == (400, "MissingApiVersionParameter")
