"""What a repository token may do: the system's scope maps, those of one's own, wildcards; and its two passwords, which end and are
replaced."""

import re
from urllib.parse import urlencode

import pytest

from devkit.cloud.config.scopemaps import parsed
from tests.devkit.cloud.running import Answer, Cloud
from tests.devkit.cloud.test_cloud_auth import access_token, bearing

PULL, METADATA, PUSH, DELETE, CHANGE = "pull", "metadata", "push", "delete", "change"


def able(cloud: Cloud, user: str, repository: str) -> set[str]:
    """What it is not refused by a 401, by token as by password."""
    calls = {
        PULL: ("GET", f"/v2/{repository}/manifests/v1"),
        METADATA: ("GET", f"/v2/{repository}/tags/list"),
        PUSH: ("POST", f"/v2/{repository}/blobs/uploads/"),
        CHANGE: ("PATCH", f"/acr/v1/{repository}/_tags/absent"),
        DELETE: ("DELETE", f"/acr/v1/{repository}/_tags/absent"),
    }
    token = access_token(cloud, f"repository:{repository}:*", user=user)
    by_password = {name for name, (method, path) in calls.items() if cloud.registry(method, path, user=user, body=b"").status != 401}
    by_token = {name for name, (method, path) in calls.items() if bearing(cloud, token, method, path).status != 401}
    assert by_password == by_token
    return by_password


@pytest.mark.parametrize(
    "scope_map, rights",
    [
        ("_repositories_pull", {PULL}),
        ("_repositories_pull_metadata_read", {PULL, METADATA}),
        ("_repositories_push", {PULL, PUSH}),
        ("_repositories_push_metadata_write", {PULL, PUSH, METADATA, CHANGE}),
        ("_repositories_admin", {PULL, PUSH, METADATA, CHANGE, DELETE}),
    ],
)
def test_the_systems_scope_maps(acr: Cloud, scope_map: str, rights: set[str]) -> None:
    acr.push_image("scopes/system", "v1")
    assert able(acr, scope_map, "scopes/system") == rights
    assert acr.registry("GET", "/v2/_catalog", user=scope_map).status == 401  # none can list the catalog


def test_wildcards_cover_what_is_below_and_actions_add_up(acr: Cloud) -> None:
    for repository in ("team/app", "team/deep/er", "team", "teams/app", "other"):
        acr.push_image(repository, "v1")
    assert able(acr, "team", "team/deep/er") == {PULL, METADATA}
    assert able(acr, "team", "team/app") == {PULL, METADATA, PUSH}
    assert able(acr, "team", "other") == {DELETE}
    assert able(acr, "team", "team") == able(acr, "team", "teams/app") == set()


def test_a_scope_that_its_map_lacks_is_left_out_of_the_token(acr: Cloud) -> None:
    acr.push_image("team/left", "v1")
    token = access_token(acr, "repository:team/left:pull,push", "repository:scopes/left:pull", user="team")
    assert bearing(acr, token, "GET", "/v2/team/left/manifests/v1").status == 200
    assert bearing(acr, token, "POST", "/v2/team/left/blobs/uploads/").status == 401
    assert bearing(acr, token, "GET", "/v2/scopes/left/manifests/v1").status == 401


@pytest.mark.parametrize(
    "scopes, status",
    [
        (["repository:team/left:pull"], 200),
        ([], 200),
        (["repository:team/left:pull,push"], 401),
        (["repository:team/left:pull", "repository:scopes/left:pull"], 401),
        (["registry:catalog:*"], 200),  # what `*` leaves out is not asked for by name
    ],
)
def test_or_the_token_endpoint_refuses_it(acr: Cloud, scopes: list[str], status: int) -> None:
    acr.control("PUT", "unknowns", {"missingScope": "token"})
    query = urlencode([("service", acr.login_server), *(("scope", scope) for scope in scopes)])
    answer = acr.call("registry", "GET", f"/oauth2/token?{query}", headers={"Authorization": acr.basic("team")})
    assert answer.status == status
    assert status == 200 or answer.code == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "action",
    [
        "repositories/te*/content/read",
        "repositories/*/app/content/read",
        "repositories/a/*/*/content/read",
        "repositories/a/content/all",
        "a",
    ],
)
def test_a_wildcard_elsewhere_is_no_scope_map(action: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(action))):
        parsed([action])


def call(cloud: Cloud, password: str) -> int:
    """Of a token request, which every client begins with."""
    form = {"grant_type": "password", "service": cloud.login_server, "username": "rotated", "password": password}
    return cloud.form("registry", "/oauth2/token", form).status


def test_either_of_two_passwords_opens_until_it_ends(acr: Cloud) -> None:
    acr.control("PUT", "tokens/rotated/passwords/password2", {"value": "second", "expiresInSeconds": 3600})
    assert (call(acr, "first"), call(acr, "second"), call(acr, "third")) == (200, 200, 401)
    acr.control("PUT", "clock", {"advanceSeconds": 3601})
    assert (call(acr, "first"), call(acr, "second")) == (200, 401)
    acr.control("PUT", "tokens/rotated/passwords/password2", {"expiresInSeconds": 3600})
    assert call(acr, "second") == 200
    acr.control("DELETE", "tokens/rotated/passwords/password2")
    assert call(acr, "second") == 401


def test_a_regenerated_password_may_take_a_minute(acr: Cloud) -> None:
    acr.control("PUT", "tokens/rotated/passwords/password2", {"value": "old"})
    acr.control("PUT", "tokens/rotated/passwords/password2", {"value": "new", "afterSeconds": 60})
    assert (call(acr, "old"), call(acr, "new")) == (200, 401)
    acr.control("PUT", "clock", {"advanceSeconds": 61})
    assert (call(acr, "old"), call(acr, "new")) == (401, 200)
    shown = next(one for one in acr.control("GET", "tokens") if one["name"] == "rotated")
    assert [one["name"] for one in shown["passwords"]] == ["password1", "password2"]
    assert not {"old", "new", "first"} & set(re.findall(r"\w+", str(shown)))


def test_a_disabled_token_opens_nothing_and_neither_do_the_tokens_that_it_has(acr: Cloud) -> None:
    acr.push_image("scopes/disabled", "v1")
    token = access_token(acr, "repository:scopes/disabled:pull", user="_repositories_pull")
    path = "/v2/scopes/disabled/manifests/v1"

    def answers() -> list[Answer]:
        return [acr.registry("GET", path, user="_repositories_pull"), bearing(acr, token, "GET", path)]

    acr.control("PUT", "tokens/_repositories_pull", {"status": "disabled"})
    assert [one.status for one in answers()] == [401, 401]
    acr.control("PUT", "tokens/_repositories_pull", {"status": "enabled"})
    assert [one.status for one in answers()] == [200, 200]


def test_changes_outlive_a_restart_and_wrong_ones_are_told(acr: Cloud) -> None:
    acr.control("PUT", "tokens/rotated/passwords/password2", {"value": "lasting", "expiresInSeconds": 7200})
    before = acr.control("GET", "tokens")
    acr.kill()
    acr.start()
    assert acr.control("GET", "tokens") == before
    assert call(acr, "lasting") == 200
    headers = {"x-control-key": acr.config["controlKey"]}
    for path, body, status in (
        ("rotated", b'{"status": "gone"}', 400),
        ("nobody", b'{"status": "enabled"}', 404),
        ("rotated/passwords/password3", b'{"value": "x"}', 400),
        ("rotated/passwords/password2", b'{"expiresInSeconds": -1}', 400),
    ):
        assert acr.call("control", "PUT", f"/control/tokens/{path}", body=body, headers=headers).status == status
