"""The token endpoints: what they ask for, whose Entra tokens they take, and who needs none."""

import pytest

from tests.devkit.cloud.running import ACR_AUDIENCE, ARM_AUDIENCE, Cloud
from tests.devkit.cloud.test_cloud_auth import access_token, bearing, refresh_token


@pytest.mark.parametrize("service", ["", "another.azurecr.io"])
def test_the_service_is_the_registry(acr: Cloud, service: str) -> None:
    forms = {
        "/oauth2/exchange": {"grant_type": "access_token", "access_token": acr.entra_token(audience=ACR_AUDIENCE).json["access_token"]},
        "/oauth2/token": {"grant_type": "refresh_token", "refresh_token": refresh_token(acr).json["refresh_token"]},
    }
    for path, form in forms.items():
        answer = acr.form("registry", path, {**form, "service": service})
        assert (answer.status, answer.code) == (400, "UNSUPPORTED")
        assert acr.form("registry", path, {**form, "service": acr.login_server}).status == 200
    refused = acr.call("registry", "GET", f"/oauth2/token?service={service}", headers={"Authorization": acr.basic("all")})
    assert (refused.status, refused.code) == (400, "UNSUPPORTED")


@pytest.mark.parametrize(
    "answer, arm_tokens, taken",
    [
        ("both", True, {ACR_AUDIENCE, ARM_AUDIENCE}),
        ("acr", True, {ACR_AUDIENCE}),
        ("arm", True, {ARM_AUDIENCE}),
        ("both", False, {ACR_AUDIENCE}),
        ("arm", False, {ACR_AUDIENCE}),
    ],
)
def test_which_audience_is_taken(acr: Cloud, answer: str, arm_tokens: bool, taken: set[str]) -> None:
    acr.control("PUT", "unknowns", {"acrAudience": answer})
    acr.control("PUT", "registry", {"policies": {"armTokens": arm_tokens}})
    answers = {audience: refresh_token(acr, audience=audience) for audience in (ACR_AUDIENCE, ARM_AUDIENCE)}
    assert {audience for audience, one in answers.items() if one.status == 200} == taken
    assert all(one.code == "UNAUTHORIZED" for one in answers.values() if one.status != 200)


def test_a_tenant_may_be_left_out_and_must_not_be_another(acr: Cloud) -> None:
    form = {"grant_type": "access_token", "service": acr.login_server}
    form["access_token"] = acr.entra_token(audience=ACR_AUDIENCE).json["access_token"]
    for tenant, status in (("", 200), (acr.config["tenantId"].upper(), 200), ("another", 401)):
        assert acr.form("registry", "/oauth2/exchange", {**form, "tenant": tenant}).status == status


def test_a_token_of_one_kind_is_none_of_another(acr: Cloud) -> None:
    refresh, access = refresh_token(acr).json["refresh_token"], access_token(acr, "repository:oauth/app:pull")
    assert bearing(acr, refresh, "GET", "/v2/").status == 401
    form = {"grant_type": "refresh_token", "service": acr.login_server, "refresh_token": access}
    assert acr.form("registry", "/oauth2/token", form).status == 401
    exchange = {"grant_type": "access_token", "service": acr.login_server}
    assert acr.form("registry", "/oauth2/exchange", {**exchange, "access_token": refresh}).status == 401


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/exchange"])
def test_other_grants_are_unknown(acr: Cloud, path: str) -> None:
    answer = acr.form("registry", path, {"grant_type": "client_credentials", "service": acr.login_server})
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")


@pytest.mark.parametrize(
    "answer, scope", [("delete", "repository:oauth/untag:delete"), ("metadata_write", "repository:oauth/untag:metadata_write")]
)
def test_which_scope_untagging_needs(acr: Cloud, answer: str, scope: str) -> None:
    acr.control("PUT", "unknowns", {"untagRight": answer})
    acr.push_image("oauth/untag", "v1")
    path = "/acr/v1/oauth/untag/_tags/v1"
    other = "metadata_write" if answer == "delete" else "delete"
    refused = bearing(acr, access_token(acr, f"repository:oauth/untag:{other}"), "DELETE", path)
    assert (refused.status, f'scope="{scope}"' in refused.headers["WWW-Authenticate"]) == (401, True)
    assert bearing(acr, access_token(acr, scope), "DELETE", path).status == 202
    by_map = {"delete": "_repositories_admin", "metadata_write": "_repositories_push_metadata_write"}[answer]
    assert acr.registry("DELETE", path, user=by_map).status == 404


def test_anybody_may_pull_where_the_registry_lets_him(acr: Cloud) -> None:
    acr.push_image("oauth/public", "v1")
    path = f"/oauth2/token?service={acr.login_server}&scope=repository:oauth/public:pull,push"
    assert acr.call("registry", "GET", path).status == 401
    acr.control("PUT", "registry", {"anonymousPull": True})
    token = acr.call("registry", "GET", path).json["access_token"]
    assert bearing(acr, token, "GET", "/v2/oauth/public/manifests/v1").status == 200
    assert bearing(acr, token, "POST", "/v2/oauth/public/blobs/uploads/").status == 401
    assert acr.control("GET", "requests")[-2]["identity"] == "anonymous"
    acr.control("PUT", "registry", {"anonymousPull": False})
    assert bearing(acr, token, "GET", "/v2/oauth/public/manifests/v1").status == 401
