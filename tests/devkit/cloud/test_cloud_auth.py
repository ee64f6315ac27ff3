"""The registry's handshake, and that scopes and rights both count."""

import re
from urllib.parse import urlencode

import pytest

from tests.devkit.cloud.running import ACR_AUDIENCE, ARM_AUDIENCE, Answer, Cloud, Clouds


def access_token(cloud: Cloud, *scopes: str, user: str = "all") -> str:
    query = urlencode([("service", cloud.login_server), *(("scope", scope) for scope in scopes)])
    answer = cloud.call("registry", "GET", f"/oauth2/token?{query}", headers={"Authorization": cloud.basic(user)})
    assert answer.status == 200
    return str(answer.json["access_token"])


def bearing(cloud: Cloud, token: str, method: str, path: str, body: bytes | None = None) -> Answer:
    return cloud.call("registry", method, path, body=body, headers={"Authorization": f"Bearer {token}"})


def challenge(answer: Answer) -> dict[str, str]:
    assert answer.status == 401
    return dict(re.findall(r'(\w+)="([^"]*)"', answer.headers["WWW-Authenticate"]))


def refresh_token(cloud: Cloud, *, principal: int = 0, audience: str = ACR_AUDIENCE) -> Answer:
    token = cloud.entra_token(principal=principal, audience=audience).json["access_token"]
    return cloud.form("registry", "/oauth2/exchange", {"grant_type": "access_token", "service": cloud.login_server, "access_token": token})


def test_a_challenge_leads_to_a_token_that_works(clouds: Clouds) -> None:
    source, path = clouds.source, "/v2/auth/app/manifests/v1"
    source.push_image("auth/app", "v1")
    plain = {"realm": f"https://{source.login_server}/oauth2/token", "service": source.login_server}
    assert challenge(source.call("registry", "GET", "/v2/")) == plain
    assert challenge(source.call("registry", "GET", path)) == {**plain, "scope": "repository:auth/app:pull"}
    token = access_token(source, "repository:auth/app:pull", user="pull")
    assert bearing(source, token, "GET", path).status == 200
    assert bearing(source, token, "GET", "/v2/").status == 200


def test_a_token_opens_only_what_it_was_asked_for(clouds: Clouds) -> None:
    clouds.source.push_image("auth/first", "v1")
    clouds.source.push_image("auth/second", "v1")
    token = access_token(clouds.source, "repository:auth/first:pull repository:auth/first:metadata_read")
    assert bearing(clouds.source, token, "GET", "/v2/auth/first/tags/list").status == 200
    refused = challenge(bearing(clouds.source, token, "GET", "/v2/auth/second/manifests/v1"))
    assert (refused["scope"], refused["error"]) == ("repository:auth/second:pull", "insufficient_scope")
    assert challenge(bearing(clouds.source, token, "DELETE", "/acr/v1/auth/first"))["scope"] == "repository:auth/first:delete"


def test_a_scope_its_owner_has_no_right_to_is_left_out(clouds: Clouds) -> None:
    clouds.source.push_image("auth/owned", "v1")
    token = access_token(
        clouds.source, "repository:auth/owned:pull,push,delete", "repository:auth/owned:*", "registry:catalog:*", user="pull"
    )
    assert bearing(clouds.source, token, "GET", "/v2/auth/owned/manifests/v1").status == 200
    assert bearing(clouds.source, token, "POST", "/v2/auth/owned/blobs/uploads/").status == 401
    assert bearing(clouds.source, token, "GET", "/v2/_catalog").status == 401
    assert clouds.source.registry("GET", "/v2/auth/owned/tags/list", user="pull").status == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic !!!",
        "Basic cHVsbDp3cm9uZw==",
        "Basic Og==",
        "Bearer nonsense",
        "Bearer a.b.c",
        "Bearer a.b.\xff",
        "Bearer \xff.b.c",
        "Basic \xff",
        "Digest x",
        "Basic",
    ],
)
def test_what_proves_nothing_is_refused(clouds: Clouds, authorization: str) -> None:
    headers = {"Authorization": authorization}
    assert "realm" in challenge(clouds.source.call("registry", "GET", "/v2/auth/app/tags/list", headers=headers))
    if not authorization.startswith("Bearer"):
        path = f"/oauth2/token?service={clouds.source.login_server}"
        assert clouds.source.call("registry", "GET", path, headers=headers).status == 401


def test_a_token_of_another_registry_is_refused(clouds: Clouds) -> None:
    token = access_token(clouds.target, "repository:auth/app:pull")
    assert challenge(bearing(clouds.source, token, "GET", "/v2/"))["error"] == "invalid_token"


def test_a_password_may_come_in_a_form(clouds: Clouds) -> None:
    password = clouds.source.config["registry"]["tokens"][1]["password"]
    form = {"grant_type": "password", "service": clouds.source.login_server, "scope": "repository:auth/app:pull", "username": "pull"}
    assert "access_token" in clouds.source.form("registry", "/oauth2/token", {**form, "password": password}).json
    assert clouds.source.form("registry", "/oauth2/token", {**form, "password": "wrong"}).status == 401


@pytest.mark.parametrize("audience", [ACR_AUDIENCE, ARM_AUDIENCE])
def test_an_entra_token_becomes_a_registry_token(clouds: Clouds, audience: str) -> None:
    target = clouds.target
    target.push_image("auth/exchanged", "v1")
    refresh = refresh_token(target, audience=audience).json["refresh_token"]
    form = {"grant_type": "refresh_token", "service": target.login_server, "refresh_token": refresh}
    token = target.form("registry", "/oauth2/token", {**form, "scope": "repository:auth/exchanged:delete"}).json["access_token"]
    assert bearing(target, token, "DELETE", "/acr/v1/auth/exchanged/_tags/v1").status == 202
    assert bearing(target, refresh, "GET", "/v2/").status == 401
    recorded = target.control("GET", "requests")[-2]
    assert (recorded["method"], recorded["status"], recorded["identity"]) == ("DELETE", 202, target.config["principals"][0]["clientId"])


def test_a_principal_has_the_rights_of_its_role_alone(clouds: Clouds) -> None:
    refresh = refresh_token(clouds.target, principal=1).json["refresh_token"]
    form = {"grant_type": "refresh_token", "service": clouds.target.login_server, "refresh_token": refresh}
    scope = {"scope": "repository:auth/read:pull,push,delete,metadata_read"}
    token = clouds.target.form("registry", "/oauth2/token", {**form, **scope}).json["access_token"]
    assert bearing(clouds.target, token, "GET", "/v2/auth/read/tags/list").status == 404
    assert bearing(clouds.target, token, "DELETE", "/acr/v1/auth/read").status == 401


@pytest.mark.parametrize("token", ["", "nonsense", "another cloud's"])
def test_only_this_tenants_tokens_are_exchanged(clouds: Clouds, token: str) -> None:
    given = clouds.source.entra_token().json["access_token"] if token == "another cloud's" else token
    form = {"grant_type": "access_token", "service": clouds.target.login_server, "access_token": given}
    assert clouds.target.form("registry", "/oauth2/exchange", form).status == 401
