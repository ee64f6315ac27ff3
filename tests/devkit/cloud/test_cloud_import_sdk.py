"""importImage by azure-mgmt-containerregistry over TLS: what acr.md 2.5 says of it holds here."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from devkit.local import faults
from devkit.tls import TlsFiles
from tests.devkit.cloud.faulty import behaving, look
from tests.devkit.cloud.receiving import until
from tests.devkit.cloud.running import Clouds
from tests.devkit.cloud.test_cloud_imports import import_body, management_client


@pytest.fixture
def client(clouds: Clouds, tls: TlsFiles) -> ContainerRegistryManagementClient:
    return management_client(clouds.target, tls)


def begin(client: ContainerRegistryManagementClient, registry_id: str, body: dict[str, Any], **more: Any) -> Any:
    _, group, _, _, _, name = registry_id.rsplit("/", 5)
    return client.registries.begin_import_image(group, name, body, **more)


@pytest.mark.parametrize(
    "text, status, code",
    [("blobs", 400, "InvalidParameters"), ("conflict", 409, "Conflict")],
)
def test_a_failure_while_polling_is_an_error_with_its_code(
    clouds: Clouds, client: ContainerRegistryManagementClient, text: str, status: int, code: str
) -> None:
    digest = clouds.source.push_image("poller/fails")
    with behaving(clouds.target) as control, pytest.raises(HttpResponseError) as raised:
        control.impose(faults.fails(text), on=faults.imports("poller/fails@.*"))
        begin(client, clouds.target.registry_id, import_body(clouds.source, f"poller/fails@{digest}"), polling=True).result(20)
    assert type(raised.value) is HttpResponseError
    assert raised.value.error is not None
    assert (raised.value.status_code, raised.value.error.code) == (status, code)


def test_an_operation_is_resumed_by_its_token(clouds: Clouds, client: ContainerRegistryManagementClient, tls: TlsFiles) -> None:
    digest = clouds.source.push_image("poller/resumed")
    poller = begin(client, clouds.target.registry_id, import_body(clouds.source, f"poller/resumed@{digest}"))
    token = poller.continuation_token()
    begin(management_client(clouds.target, tls), clouds.target.registry_id, {}, continuation_token=token).result(20)
    assert look(clouds.target, "poller/resumed", digest) == 200
    poller.result(20)


def test_without_polling_the_operation_is_in_the_first_answer(clouds: Clouds, client: ContainerRegistryManagementClient) -> None:
    digest, answers = clouds.source.push_image("poller/none"), []
    body = import_body(clouds.source, f"poller/none@{digest}")
    begin(client, clouds.target.registry_id, body, polling=False, raw_response_hook=lambda answer: answers.append(answer.http_response))
    (answer,) = answers
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "10")
    until(lambda: clouds.target.poll(answer.headers["Location"]).status, lambda status: status == 200)
    assert look(clouds.target, "poller/none", digest) == 200


def test_a_post_that_the_client_repeats_starts_a_second_import(clouds: Clouds, client: ContainerRegistryManagementClient) -> None:
    """The first has taken effect, though it was answered by a gateway's 504."""
    digest = clouds.source.push_image("poller/repeated")
    body = import_body(clouds.source, f"poller/repeated@{digest}")
    with behaving(clouds.target) as control:
        rule = control.impose(faults.late_write(0, "timeout"), on=faults.arm("POST", holding="poller/repeated@"), times=1)
        begin(client, clouds.target.registry_id, body).result(20)
        until(lambda: control.landed(rule), lambda landed: landed == 1)
        imports = until(lambda: control.imports("poller/repeated"), lambda found: all(one["state"] == "succeeded" for one in found))
    assert len(imports) == 2
    posts = [one["status"] for one in clouds.target.control("GET", "requests") if one["method"] == "POST" and one["fault"] == rule]
    assert 504 in posts


def test_a_registry_that_is_not_there_is_told_at_once(clouds: Clouds, client: ContainerRegistryManagementClient) -> None:
    with pytest.raises(ResourceNotFoundError) as raised:
        begin(client, f"{clouds.target.registry_id}x", import_body(clouds.source, "poller/absent:v1"))
    assert raised.value.error is not None
    assert raised.value.error.code == "ResourceNotFound"
