"""Credentials that are rotated, expired, disabled and revoked while a cloud runs, and still are after it was killed."""

import base64
from typing import Any

from tests.devkit.cloud.running import ACR_AUDIENCE, API, Answer, Cloud, MakeCloud

NEW = "canary~New8Q.secret"


def token(cloud: Cloud, secret: str | None = None, **more: str) -> Answer:
    return cloud.entra_token(**({"client_secret": secret} if secret else {}), **more)  # type: ignore[arg-type]


def codes(answer: Answer) -> Any:
    return answer.json.get("error_codes", answer.status)


def change(cloud: Cloud, method: str, path: str, value: Any = None) -> Any:
    return cloud.control(method, f"apps/{cloud.config['principals'][0]['clientId']}{path}", value)


def restart(cloud: Cloud) -> None:
    cloud.kill()
    cloud.start()


def test_a_secret_is_rotated_and_the_old_one_expires(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("rotated").start()
    told = change(cloud, "PUT", "/secrets/next", {"value": NEW, "expiresInSeconds": 3600})
    assert [secret["id"] for secret in told["secrets"]] == ["configured", "next"]
    assert NEW not in str(told)
    assert (codes(token(cloud, NEW)), codes(token(cloud))) == (200, 200)
    change(cloud, "PUT", "/secrets/configured", {"expiresInSeconds": 0})
    assert codes(token(cloud)) == [7000222]
    restart(cloud)
    assert (codes(token(cloud, NEW)), codes(token(cloud))) == (200, [7000222])
    cloud.control("PUT", "clock", {"advanceSeconds": 3601})
    assert codes(token(cloud, NEW)) == [7000222]
    change(cloud, "DELETE", "/secrets/next")
    assert codes(token(cloud, NEW)) == [7000215]
    assert NEW not in cloud.log.read_text()
    assert NEW.encode() not in b"".join(file.read_bytes() for file in (cloud.file.parent / "state").glob("cloud.db*"))


def test_a_registry_takes_an_applications_secret_as_long_as_entra_does(make_cloud: MakeCloud) -> None:
    """docs: container-registry-auth-service-principal, docker login with an application's id and secret."""
    cloud = make_cloud("signed-in").start()
    known = cloud.config["principals"][0]
    basic = base64.b64encode(f"{known['clientId']}:{known['clientSecret']}".encode()).decode()
    assert cloud.call("registry", "GET", "/v2/", headers={"Authorization": f"Basic {basic}"}).status == 200
    change(cloud, "PUT", "/secrets/configured", {"expiresInSeconds": 0})
    assert cloud.call("registry", "GET", "/v2/", headers={"Authorization": f"Basic {basic}"}).status == 401


def test_a_disabled_application_gets_no_token(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("disabled").start()
    assert change(cloud, "PUT", "", {"disabled": True})["disabled"]
    restart(cloud)
    answer = token(cloud)
    assert (answer.status, answer.json["error"], codes(answer)) == (400, "unauthorized_client", [7000112])
    change(cloud, "PUT", "", {"disabled": False})
    assert codes(token(cloud)) == 200


def test_revoked_tokens_open_nothing_and_new_ones_do(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("revoked").start()
    arm, acr = (token(cloud, **more).json["access_token"] for more in ({}, {"audience": ACR_AUDIENCE}))
    change(cloud, "POST", "/revocation")
    restart(cloud)
    refused = cloud.arm("GET", f"{cloud.registry_id}?{API}", token=arm)
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationToken")
    assert "revoked" in refused.json["error"]["message"]
    form = {"grant_type": "access_token", "service": cloud.login_server}
    assert cloud.form("registry", "/oauth2/exchange", {**form, "access_token": acr}).status == 401
    fresh = token(cloud, audience=ACR_AUDIENCE).json["access_token"]
    assert cloud.form("registry", "/oauth2/exchange", {**form, "access_token": fresh}).status == 200
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}").status == 200


def test_the_control_api_says_what_it_cannot_do(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("asked").start()
    app, headers = f"/control/apps/{cloud.config['principals'][0]['clientId']}", {"x-control-key": cloud.config["controlKey"]}
    asked = [
        ("PUT", "/control/apps/nobody", b'{"disabled": true}', 404),
        ("PUT", app, b'{"disabled": 1}', 400),
        ("PUT", f"{app}/secrets/unknown", b"{}", 400),
        ("PUT", f"{app}/secrets/unknown", b'{"value": ""}', 400),
        ("PUT", f"{app}/secrets/configured", b'{"expiresInSeconds": -1}', 400),
        ("DELETE", f"{app}/secrets/unknown", None, 404),
    ]
    for method, path, body, status in asked:
        assert cloud.call("control", method, path, body=body, headers=headers).status == status, (method, path)
    assert cloud.control("GET", "apps")[0]["secrets"] == [{"id": "configured", "expires": None}]
