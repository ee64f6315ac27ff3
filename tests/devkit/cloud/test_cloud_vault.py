"""A local cloud's key vault by the REST reference, read with tokens of applications and of managed identities."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.identity import ManagedIdentityCredential

from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import ARM_AUDIENCE, Answer, Cloud, MakeCloud, MakeClouds

AUDIENCE = "https://vault.azure.cn"
RIGHTS = "Microsoft.KeyVault/vaults/secrets"
ALL = [
    f"{RIGHTS}/{one}"
    for one in ("getSecret/action", "setSecret/action", "update/action", "readMetadata/action", "delete", "recover/action")
]
OFFICER, READER, IDENTITY = (f"6f1e2d3c-0000-4000-8000-00000000002{place}" for place in (1, 2, 3))
PULL = "canary~Pull9Q.password"


def with_vault(make: MakeCloud, name: str) -> Cloud:
    cloud = make(name, azureCloud="china", vault={"name": "contoso-kv", "secrets": {"pull-token": PULL}})
    cloud.config["ports"] |= dict(zip(("vault", "identity"), free_ports(2), strict=True))
    cloud.config["principals"] += [
        {"clientId": OFFICER, "clientSecret": "canary~Officer", "actions": ALL},
        {"clientId": READER, "clientSecret": "canary~Reader", "actions": [f"{RIGHTS}/readMetadata/action"]},
    ]
    user = {"clientId": IDENTITY, "assigned": "system", "actions": [f"{RIGHTS}/getSecret/action"]}
    cloud.config["managedIdentity"] = {"header": "canary-header", "identities": [user]}
    return cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with with_vault(MakeClouds(tmp_path_factory.mktemp("vault"), tls), "vaulted").serving("canary") as made:
        yield made


def token_of(cloud: Cloud, client: str = OFFICER, audience: str = AUDIENCE) -> str:
    secrets = {one["clientId"]: one["clientSecret"] for one in cloud.config["principals"]}
    return str(cloud.entra_token(client_id=client, client_secret=secrets[client], audience=audience).json["access_token"])


def ask(
    cloud: Cloud, method: str, path: str, value: Any = None, *, client: str = OFFICER, token: str | None = None, **query: Any
) -> Answer:
    headers = {"Authorization": f"Bearer {token or token_of(cloud, client)}", "Content-Type": "application/json"}
    body = None if value is None else json.dumps(value).encode()
    return cloud.call("vault", method, f"{path}?{urlencode({'api-version': '7.4', **query})}", body=body, headers=headers)


def refused(answer: Answer, status: int, code: str, inner: str | None = None) -> str:
    error: Mapping[str, Any] = answer.json["error"]
    assert (answer.status, error["code"], error.get("innererror", {}).get("code")) == (status, code, inner)
    return str(error["message"])


def test_a_caller_without_a_token_is_told_where_to_get_one(cloud: Cloud) -> None:
    answer = cloud.call("vault", "GET", "/secrets/pull-token?api-version=7.4")
    assert "AKV10000" in refused(answer, 401, "Unauthorized")
    authority = f"{cloud.url('entra')}/{cloud.config['tenantId']}"
    assert answer.headers["WWW-Authenticate"] == f'Bearer authorization="{authority}", resource="{AUDIENCE}"'


def test_a_token_for_another_audience_is_refused(cloud: Cloud) -> None:
    answer = ask(cloud, "GET", "/secrets/pull-token", token=token_of(cloud, audience=ARM_AUDIENCE))
    assert refused(answer, 401, "Unauthorized") == f"AKV10022: Invalid audience. Expected {AUDIENCE}, found: {ARM_AUDIENCE}."
    assert "WWW-Authenticate" in answer.headers
    refused(ask(cloud, "GET", "/secrets/pull-token", token="nonsense"), 401, "Unauthorized")
    assert cloud.entra_token(audience="https://vault.azure.net").json["error_codes"] == [500011]  # another cloud's vaults


def test_a_managed_identity_reads_a_configured_secret(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{cloud.config['ports']['identity']}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "canary-header")
    with ManagedIdentityCredential() as credential:
        token = credential.get_token(f"{AUDIENCE}/.default").token
    for path in ("/secrets/pull-token", "/secrets/pull-token/", "/secrets/PULL-token"):
        assert ask(cloud, "GET", path, token=token).json["value"] == PULL
    recorded = cloud.control("GET", "requests")[-1]
    assert (recorded["service"], recorded["status"], recorded["identity"]) == ("vault", 200, IDENTITY)


@pytest.mark.parametrize(
    "method, path, value, action",
    [
        ("GET", "/secrets/pull-token", None, "getSecret/action"),
        ("PUT", "/secrets/pull-token", {"value": "x"}, "setSecret/action"),
        ("PATCH", "/secrets/pull-token/", {}, "update/action"),
        ("DELETE", "/secrets/pull-token", None, "delete"),
        ("POST", "/deletedsecrets/pull-token/recover", None, "recover/action"),
    ],
)
def test_each_operation_needs_its_own_right(cloud: Cloud, method: str, path: str, value: Any, action: str) -> None:
    said = refused(ask(cloud, method, path, value, client=READER), 403, "Forbidden", "ForbiddenByRbac")
    group = cloud.registry_id.partition("/providers/")[0].lower()
    assert f"Caller: appid={READER};oid=" in said
    assert (
        f"\r\nAction: '{RIGHTS}/{action}'\r\nResource: '{group}/providers/microsoft.keyvault/vaults/contoso-kv/secrets/pull-token'" in said
    )
    assert ask(cloud, "GET", "/secrets", client=READER).status == 200


def test_who_may_set_secrets_may_not_list_them(cloud: Cloud) -> None:
    token = ask(cloud, "GET", "/secrets", token=token_of(cloud, cloud.config["principals"][0]["clientId"]))
    refused(token, 403, "Forbidden", "ForbiddenByRbac")


def test_versions_are_kept_and_the_latest_is_read(cloud: Cloud) -> None:
    first = ask(cloud, "PUT", "/secrets/rotated", {"value": "one", "contentType": "text/plain", "tags": {"slot": "a"}}).json
    second = ask(cloud, "PUT", "/secrets/rotated", {"value": "two"}).json
    assert first["id"].startswith(f"{cloud.url('vault')}/secrets/rotated/")
    assert (first["contentType"], first["tags"], "tags" in second) == ("text/plain", {"slot": "a"}, False)
    assert set(second["attributes"]) == {"enabled", "created", "updated", "recoveryLevel", "recoverableDays"}
    assert ask(cloud, "GET", "/secrets/rotated").json == second
    assert ask(cloud, "GET", first["id"].removeprefix(cloud.url("vault"))).json == first
    refused(ask(cloud, "GET", "/secrets/rotated/0123456789abcdef0123456789abcdef"), 404, "SecretNotFound")


def test_lists_are_paged_and_hold_no_value(cloud: Cloud) -> None:
    made = [ask(cloud, "PUT", "/secrets/paged", {"value": f"canary~{place}"}).json["id"] for place in range(5)]
    found, link = [], f"{cloud.url('vault')}/secrets/paged/versions?api-version=7.4&maxresults=2"
    pages = 0
    while link:
        headers = {"Authorization": f"Bearer {token_of(cloud)}"}
        page = cloud.call("vault", "GET", link.removeprefix(cloud.url("vault")), headers=headers).json
        found += [one["id"] for one in page["value"]]
        assert "canary" not in str(page) and len(page["value"]) <= 2
        link, pages = page["nextLink"], pages + 1
    assert (found, pages) == (made, 3)
    ids = [one["id"] for one in ask(cloud, "GET", "/secrets").json["value"]]
    assert f"{cloud.url('vault')}/secrets/paged" in ids and f"{cloud.url('vault')}/secrets/pull-token" in ids
    refused(ask(cloud, "GET", "/secrets", maxresults=26), 400, "BadParameter")
    refused(ask(cloud, "GET", "/secrets", **{"$skiptoken": "x"}), 400, "BadParameter")


def test_a_disabled_version_is_not_read_and_no_older_one_instead(cloud: Cloud) -> None:
    old = ask(cloud, "PUT", "/secrets/stopped", {"value": "old"}).json["id"].removeprefix(cloud.url("vault"))
    latest = ask(cloud, "PUT", "/secrets/stopped", {"value": "new"}).json["id"].removeprefix(cloud.url("vault"))
    changed = ask(cloud, "PATCH", latest, {"attributes": {"enabled": False}}).json
    assert (changed["attributes"]["enabled"], "value" in changed) == (False, False)
    for path in ("/secrets/stopped", latest):
        assert refused(ask(cloud, "GET", path), 403, "Forbidden", "SecretDisabled") == "Operation get is not allowed on a disabled secret."
    assert ask(cloud, "GET", old).json["value"] == "old"


@pytest.mark.parametrize("window", [{"exp": 1}, {"nbf": 4_000_000_000}], ids=["expired", "not yet valid"])
def test_a_secrets_dates_are_for_information(cloud: Cloud, window: dict[str, int]) -> None:
    ask(cloud, "PUT", "/secrets/dated", {"value": "x", "attributes": window})
    answer = ask(cloud, "GET", "/secrets/dated")
    assert (answer.status, answer.json["attributes"] | window) == (200, answer.json["attributes"])


def test_a_deleted_secret_is_gone_until_it_is_recovered(cloud: Cloud) -> None:
    ask(cloud, "PUT", "/secrets/dropped", {"value": "x"})
    deleted = ask(cloud, "DELETE", "/secrets/dropped").json
    assert deleted["scheduledPurgeDate"] - deleted["deletedDate"] == 90 * 86_400
    assert deleted["recoveryId"] == f"{cloud.url('vault')}/deletedsecrets/dropped" and "value" not in deleted
    assert "you may be able to recover it" in refused(ask(cloud, "GET", "/secrets/dropped"), 404, "SecretNotFound")
    refused(ask(cloud, "DELETE", "/secrets/dropped"), 404, "SecretNotFound")
    refused(ask(cloud, "PUT", "/secrets/Dropped", {"value": "y"}), 409, "Conflict", "ObjectIsDeletedButRecoverable")
    assert ask(cloud, "GET", "/deletedsecrets/dropped").json == deleted
    assert [one["recoveryId"] for one in ask(cloud, "GET", "/deletedsecrets").json["value"]] == [deleted["recoveryId"]]
    assert ask(cloud, "POST", "/deletedsecrets/dropped/recover").json["id"] == deleted["id"]
    assert ask(cloud, "GET", "/secrets/dropped").json["value"] == "x"
    assert refused(ask(cloud, "GET", "/deletedsecrets/dropped"), 404, "SecretNotFound") == "Deleted Secret not found: dropped"


@pytest.mark.parametrize(
    "path, value",
    [
        ("/secrets/under_score", {"value": "x"}),
        ("/secrets/" + "n" * 128, {"value": "x"}),
        ("/secrets/bad", {}),
        ("/secrets/bad", {"value": 7}),
        ("/secrets/bad", ["value"]),
        ("/secrets/bad", {"value": "x" * 25_601}),
        ("/secrets/bad", {"value": "x", "tags": {"a": 1}}),
        ("/secrets/bad", {"value": "x", "contentType": 1}),
        ("/secrets/bad", {"value": "x", "attributes": {"enabled": "yes"}}),
        ("/secrets/bad", {"value": "x", "attributes": {"exp": "soon"}}),
        ("/secrets/bad", {"value": "x", "attributes": {"nbf": 2**70}}),
        ("/secrets/bad", {"value": "\ud800"}),
        ("/secrets/bad", {"value": "x", "contentType": "\ud800"}),
    ],
)
def test_a_bad_parameter_is_refused_and_nothing_stored(cloud: Cloud, path: str, value: Any) -> None:
    refused(ask(cloud, "PUT", path, value), 400, "BadParameter")
    refused(ask(cloud, "GET", "/secrets/bad"), 404, "SecretNotFound")


def test_an_unknown_version_of_the_api_is_refused(cloud: Cloud) -> None:
    refused(ask(cloud, "GET", "/secrets/pull-token", **{"api-version": "1999-01-01"}), 400, "BadParameter")
    refused(ask(cloud, "GET", "/keys"), 404, "NotFound")


def test_secrets_outlive_a_killed_cloud_and_a_changed_setting_is_a_new_version(make_cloud: MakeCloud) -> None:
    cloud = with_vault(make_cloud, "kept").start()
    ask(cloud, "PUT", "/secrets/pull-token", {"value": "rotated"})
    cloud.kill()
    assert ask(cloud.start(), "GET", "/secrets/pull-token").json["value"] == "rotated"
    cloud.kill()
    cloud.config["vault"]["secrets"]["pull-token"] = "configured anew"
    assert ask(cloud.start(), "GET", "/secrets/pull-token").json["value"] == "configured anew"
    assert len(ask(cloud, "GET", "/secrets/pull-token/versions").json["value"]) == 3


def test_the_control_api_rotates_disables_and_deletes(make_cloud: MakeCloud) -> None:
    cloud = with_vault(make_cloud, "controlled").start()
    (told,) = cloud.control("PUT", "vault/pull-token", {"value": "canary~next"})
    assert (told["name"], told["enabled"], told["deleted"], "canary" in str(told)) == ("pull-token", True, False, False)
    assert ask(cloud, "GET", "/secrets/pull-token").json["value"] == "canary~next"
    cloud.control("PUT", "vault/pull-token", {"enabled": False})
    refused(ask(cloud, "GET", "/secrets/pull-token"), 403, "Forbidden", "SecretDisabled")
    cloud.control("DELETE", "vault/pull-token")
    refused(ask(cloud, "GET", "/secrets/pull-token"), 404, "SecretNotFound")
    cloud.control("PUT", "vault/pull-token", {"enabled": True})
    assert ask(cloud, "GET", "/secrets/pull-token").json["value"] == "canary~next"
    token = token_of(cloud)
    cloud.control("POST", f"apps/{OFFICER}/revocation", {})
    refused(ask(cloud, "GET", "/secrets/pull-token", token=token), 401, "Unauthorized")
    cloud.control("DELETE", "vault/pull-token")
    cloud.control("PUT", "clock", {"advanceSeconds": 91 * 86_400})
    assert cloud.control("GET", "vault") == []
    assert ask(cloud, "PUT", "/secrets/pull-token", {"value": "fresh"}).status == 200
