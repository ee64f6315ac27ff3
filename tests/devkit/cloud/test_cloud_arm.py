"""Entra and ARM bare: the refusals a client must tell apart."""

import asyncio
from typing import Any

import pytest
from azure.identity.aio import ClientSecretCredential

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import ACR_AUDIENCE, API, ARM_AUDIENCE, Clouds, MakeCloud
from tests.devkit.cloud.test_cloud_imports import import_body


def test_azure_identity_gets_a_token(clouds: Clouds, tls: TlsFiles) -> None:
    target = clouds.target
    principal = target.config["principals"][0]

    async def token() -> str:
        credential = ClientSecretCredential(
            target.config["tenantId"],
            principal["clientId"],
            principal["clientSecret"],
            authority=target.url("entra"),
            disable_instance_discovery=True,
            connection_verify=str(tls.ca),
        )
        async with credential:
            return (await credential.get_token(f"{ARM_AUDIENCE}/.default")).token

    answer = target.arm("GET", f"{target.registry_id}?{API}", token=asyncio.run(token()))
    assert answer.json["properties"]["loginServer"] == target.login_server


@pytest.mark.parametrize(
    "changed, status, number, error",
    [
        pytest.param({"client_secret": "wrong"}, 401, 7000215, "invalid_client", id="a wrong secret"),
        pytest.param({"tenant": "another"}, 400, 90002, "invalid_request", id="a wrong tenant"),
        pytest.param({"client_id": "nobody"}, 400, 700016, "unauthorized_client", id="an unknown application"),
        pytest.param({"audience": "https://vault.example"}, 400, 500011, "invalid_resource", id="an unknown resource"),
        pytest.param({"scope": ARM_AUDIENCE}, 400, 1002012, "invalid_scope", id="a scope without .default"),
        pytest.param({"grant_type": "password"}, 400, 70003, "unsupported_grant_type", id="another flow"),
        pytest.param({"scope": ""}, 400, 900144, "invalid_request", id="no scope"),
    ],
)
def test_entra_refuses(clouds: Clouds, changed: dict[str, str], status: int, number: int, error: str) -> None:
    answer = clouds.target.entra_token(**changed)  # type: ignore[arg-type]
    assert (answer.status, answer.json["error"], answer.json["error_codes"]) == (status, error, [number])
    assert answer.json["error_description"].startswith(f"AADSTS{number}: ")


def test_an_import_is_accepted_as_arm_accepts(clouds: Clouds) -> None:
    target = clouds.target
    digest = clouds.source.push_image("arm/accepted")
    answer = target.arm("POST", f"{target.registry_id}/importImage?{API}", import_body(clouds.source, f"arm/accepted@{digest}"))
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (202, b"null", "10")
    location = answer.headers["Location"]
    assert location.startswith(
        f"{target.url('arm')}/subscriptions/{target.registry_id.split('/')[2]}/providers/Microsoft.ContainerRegistry/"
    )
    assert 2500 < len(location) < 4000
    assert target.call("arm", "GET", location.removeprefix(target.url("arm"))).status == 401
    assert target.poll(location.replace("&s=", "&s=x")).status == 403


def test_the_url_of_an_operation_changes_from_poll_to_poll(clouds: Clouds, make_cloud: MakeCloud) -> None:
    slow = make_cloud("polled", imports={"latencySeconds": 60, "bytesPerSecond": 1}).start()
    first = slow.begin_import(import_body(clouds.source, "arm/polled:v1"))
    second = slow.poll(first).headers["Location"]
    assert first != second
    assert slow.poll(first).status == slow.poll(second).status == 202


def test_who_lacks_the_action_may_not_import(clouds: Clouds) -> None:
    token = clouds.target.entra_token(principal=1).json["access_token"]
    answer = clouds.target.arm("POST", f"{clouds.target.registry_id}/importImage?{API}", {}, token=token)
    assert (answer.status, answer.code) == (403, "AuthorizationFailed")
    assert "Microsoft.ContainerRegistry/registries/importImage/action" in answer.json["error"]["message"]


def test_tokens_for_others_are_refused(clouds: Clouds) -> None:
    target = clouds.target
    mine = target.entra_token().json["access_token"]
    for_registry = target.entra_token(audience=ACR_AUDIENCE).json["access_token"]
    of_another_cloud = clouds.source.entra_token().json["access_token"]
    codes = {}
    for name, token in {"registry": for_registry, "cloud": of_another_cloud, "altered": mine[:-3] + "abc", "nonsense": "a.b"}.items():
        answer = target.arm("GET", f"{target.registry_id}?{API}", token=token)
        assert (answer.status, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
        codes[name] = answer.code
    invalid = "InvalidAuthenticationToken"
    assert codes == {"registry": "InvalidAuthenticationTokenAudience", "cloud": invalid, "altered": invalid, "nonsense": invalid}


def test_tokens_expire(make_cloud: MakeCloud) -> None:
    brief = make_cloud("brief", lifetimes={"entraSeconds": 1, "refreshSeconds": 1, "accessSeconds": 1}).start()
    token = brief.entra_token().json["access_token"]
    access = brief.call(
        "registry", "GET", f"/oauth2/token?service={brief.login_server}", headers={"Authorization": brief.basic("all")}
    ).json["access_token"]
    while brief.arm("GET", f"{brief.registry_id}?{API}", token=token).status == 200:
        pass
    while (answer := brief.call("registry", "GET", "/v2/", headers={"Authorization": f"Bearer {access}"})).status == 200:
        pass
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "path, status, code",
    [
        pytest.param("REGISTRY/importImage", 400, "MissingApiVersionParameter", id="no api-version"),
        pytest.param(f"REGISTRYX/importImage?{API}", 404, "ResourceNotFound", id="another registry"),
        pytest.param(f"REGISTRY/importImage?{API}", 400, "InvalidParameters", id="a body of another form"),
        pytest.param(f"REGISTRY/purge?{API}", 404, "InvalidResourceType", id="another operation"),
    ],
)
def test_arm_refuses(clouds: Clouds, path: str, status: int, code: str) -> None:
    answer = clouds.target.arm("POST", path.replace("REGISTRY", clouds.target.registry_id), {})
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    "source, rest, said",
    [
        ({"registryUri": "https://localhost"}, {}, "without scheme or path"),
        ({"registryUri": "localhost/../x"}, {}, "without scheme or path"),
        ({"sourceImage": "Team/app:v1"}, {}, "is not repository"),
        ({"sourceImage": "team/app@sha256:00"}, {}, "is not repository"),
        ({"credentials": {"username": "pull"}}, {}, "password is required"),
        ({"credentials": {"username": 5, "password": "x"}}, {}, "username"),
        ({}, {"untaggedTargetRepositories": []}, "must name a target"),
        ({}, {"targetTags": ["../../etc:v1"]}, "is not a repository"),
        ({}, {"targetTags": ["team/app:"]}, "is not a repository"),
        ({"sourceImage": f"team/app:v1@sha256:{'0' * 64}"}, {}, "has a tag and a digest"),
        ({}, {"mode": "Maybe"}, "mode must be"),
        ({}, {"mode": ["Force"]}, "mode must be"),
    ],
)
def test_a_malformed_import_is_refused_at_once(clouds: Clouds, source: dict[str, Any], rest: dict[str, Any], said: str) -> None:
    body = {**import_body(clouds.source, "arm/malformed:v1"), **rest}
    body["source"] = {**body["source"], **source}
    answer = clouds.target.arm("POST", f"{clouds.target.registry_id}/importImage?{API}", body)
    assert (answer.status, answer.code) == (400, "InvalidParameters")
    assert said in answer.json["error"]["message"]
