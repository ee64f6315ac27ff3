"""Credentials that are rotated, expired, disabled and revoked while a cloud runs, and still are after it was killed."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import ACR_AUDIENCE, API, ARM_AUDIENCE, RIGHTS, Answer, Cloud, MakeClouds

NEW = "canary~New8Q.secret"
ROTATED, LOGGED_IN, DISABLED, REVOKED = range(4)  # places of the principals, one for each test


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    principals = [
        {"clientId": f"6F1E2D3C-0000-4000-8000-00000000003{place}", "clientSecret": f"canary~{place}", "actions": [f"{RIGHTS}/read"]}
        for place in range(4)
    ]
    with MakeClouds(tmp_path_factory.mktemp("apps"), tls)("apps", principals=principals).serving("canary") as made:
        yield made
    assert b"canary" not in b"".join(file.read_bytes() for file in (made.file.parent / "state").glob("cloud.db*"))


def ask(cloud: Cloud, place: int, secret: str | None = None, audience: str = ARM_AUDIENCE) -> Answer:
    return cloud.entra_token(principal=place, audience=audience, **({"client_secret": secret} if secret else {}))


def token(cloud: Cloud, place: int, audience: str = ARM_AUDIENCE) -> str:
    return str(ask(cloud, place, audience=audience).json["access_token"])


def codes(answer: Answer) -> Any:
    return answer.json.get("error_codes", answer.status)


def change(cloud: Cloud, place: int, method: str, path: str, value: Any = None) -> Any:
    return cloud.control(method, f"apps/{cloud.config['principals'][place]['clientId']}{path}", value)


def test_a_secret_is_rotated_and_the_old_one_expires(cloud: Cloud) -> None:
    told = change(cloud, ROTATED, "PUT", "/secrets/next", {"value": NEW, "expiresInSeconds": 86_400})
    assert [secret["id"] for secret in told["secrets"]] == ["configured", "next"]
    assert "canary" not in str(told)
    assert (codes(ask(cloud, ROTATED, NEW)), codes(ask(cloud, ROTATED))) == (200, 200)
    change(cloud, ROTATED, "PUT", "/secrets/configured", {"expiresInSeconds": 0})
    assert (codes(ask(cloud, ROTATED, NEW)), codes(ask(cloud, ROTATED))) == (200, [7000222])
    change(cloud, ROTATED, "DELETE", "/secrets/configured")
    assert codes(ask(cloud, ROTATED)) == [7000215]


def test_a_registry_takes_an_applications_secret_as_long_as_entra_does(cloud: Cloud) -> None:
    """docs: container-registry-auth-service-principal, docker login with an application's id and secret."""
    known = cloud.config["principals"][LOGGED_IN]

    def log_in() -> int:
        basic = base64.b64encode(f"{known['clientId'].lower()}:{known['clientSecret']}".encode()).decode()
        return cloud.call("registry", "GET", "/v2/", headers={"Authorization": f"Basic {basic}"}).status

    assert log_in() == 200
    change(cloud, LOGGED_IN, "PUT", "", {"disabled": True})
    assert log_in() == 401
    change(cloud, LOGGED_IN, "PUT", "", {"disabled": False})
    assert log_in() == 200
    change(cloud, LOGGED_IN, "PUT", "/secrets/configured", {"expiresInSeconds": 0})
    assert log_in() == 401


def test_a_disabled_application_gets_no_token_and_keeps_those_it_has(cloud: Cloud) -> None:
    held = token(cloud, DISABLED)
    assert change(cloud, DISABLED, "PUT", "", {"disabled": True})["disabled"]
    answer = ask(cloud, DISABLED)
    assert (answer.status, answer.json["error"], codes(answer)) == (400, "unauthorized_client", [7000112])
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}", token=held).status == 200


def test_revoked_tokens_open_nothing_and_new_ones_do(cloud: Cloud) -> None:
    arm, acr = (token(cloud, REVOKED, audience) for audience in (ARM_AUDIENCE, ACR_AUDIENCE))
    change(cloud, REVOKED, "POST", "/revocation")
    refused = cloud.arm("GET", f"{cloud.registry_id}?{API}", token=arm)
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationToken")
    assert "revoked" in refused.json["error"]["message"]
    form = {"grant_type": "access_token", "service": cloud.login_server}
    assert cloud.form("registry", "/oauth2/exchange", {**form, "access_token": acr}).status == 401
    fresh = token(cloud, REVOKED, ACR_AUDIENCE)
    assert cloud.form("registry", "/oauth2/exchange", {**form, "access_token": fresh}).status == 200
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}", token=token(cloud, REVOKED)).status == 200


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("PUT", "nobody", b'{"disabled": true}', 404),
        ("PUT", "{app}", b'{"disabled": 1}', 400),
        ("PUT", "{app}/secrets/unknown", b"{}", 400),
        ("PUT", "{app}/secrets/unknown", b'{"value": ""}', 400),
        ("PUT", "{app}/secrets/unknown", b'{"value": "\\ud800"}', 400),
        ("PUT", "{app}/secrets/configured", b'{"expiresInSeconds": -1}', 400),
        ("DELETE", "{app}/secrets/unknown", None, 404),
    ],
)
def test_the_control_api_says_what_it_cannot_do(cloud: Cloud, method: str, path: str, body: bytes | None, status: int) -> None:
    before = cloud.control("GET", "apps")
    path = path.format(app=cloud.config["principals"][REVOKED]["clientId"])
    headers = {"x-control-key": cloud.config["controlKey"]}
    assert cloud.call("control", method, f"/control/apps/{path}", body=body, headers=headers).status == status
    assert cloud.control("GET", "apps") == before


def test_all_of_it_outlives_a_killed_cloud(cloud: Cloud) -> None:
    change(cloud, ROTATED, "PUT", "/secrets/lasting", {"value": NEW, "expiresInSeconds": 3600})
    change(cloud, DISABLED, "PUT", "", {"disabled": True})
    old = token(cloud, REVOKED)
    change(cloud, REVOKED, "POST", "/revocation")
    before = cloud.control("GET", "apps")
    cloud.kill()
    cloud.start()
    assert cloud.control("GET", "apps") == before
    assert (codes(ask(cloud, ROTATED, NEW)), codes(ask(cloud, DISABLED))) == (200, [7000112])
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}", token=old).status == 401
    cloud.control("PUT", "clock", {"advanceSeconds": 90_000})
    assert codes(ask(cloud, ROTATED, NEW)) == [7000222]
