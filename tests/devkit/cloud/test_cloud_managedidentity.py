"""The managed identities of an app beside a local cloud, by azure-identity and by what it never sends."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.cloud.proving import claims_in
from tests.devkit.cloud.running import ACR_AUDIENCE, API, ARM_AUDIENCE, RIGHTS, Answer, Cloud, MakeCloud, MakeClouds

SYSTEM, USER, NOBODY = (f"6f1e2d3c-0000-4000-8000-00000000001{place}" for place in (1, 2, 3))
HEADER = "canary-identity-header"
RESOURCE_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/replicator"


def with_identities(make: MakeCloud, name: str, **changed: Any) -> Cloud:
    cloud = make(name, **changed)
    cloud.config["ports"]["identity"] = free_ports(1)[0]
    identities = [
        {"clientId": SYSTEM, "assigned": "system", "actions": [f"{RIGHTS}/read", f"{RIGHTS}/pull/read"]},
        {"clientId": USER, "principalId": "6f1e2d3c-0000-4000-8000-0000000000aa", "resourceId": RESOURCE_ID, "actions": []},
    ]
    cloud.config["managedIdentity"] = {"header": HEADER, "identities": identities}
    return cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with with_identities(MakeClouds(tmp_path_factory.mktemp("identity"), tls), "managed").serving(HEADER) as made:
        yield made


@pytest.fixture
def app_service(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{cloud.config['ports']['identity']}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)


def ask(cloud: Cloud, *, header: str = HEADER, **query: str) -> Answer:
    asked = {"api-version": "2019-08-01", "resource": ARM_AUDIENCE, **query}
    return cloud.call("identity", "GET", f"/msi/token?{urlencode(asked)}", headers={"X-IDENTITY-HEADER": header})


@pytest.mark.usefixtures("app_service")
@pytest.mark.parametrize("kind", [ManagedIdentityCredential, DefaultAzureCredential], ids=lambda kind: str(kind.__name__))
def test_azure_identity_gets_tokens_of_the_apps_own_identity(cloud: Cloud, kind: Any) -> None:
    with kind() as credential:
        arm, acr = (credential.get_token(f"{audience}/.default") for audience in (ARM_AUDIENCE, ACR_AUDIENCE))
    assert 86_000 < arm.expires_on - time.time() < 86_401
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}", token=arm.token).status == 200
    form = {"grant_type": "access_token", "service": cloud.login_server, "access_token": acr.token}
    refresh = cloud.form("registry", "/oauth2/exchange", form).json["refresh_token"]
    form = {"grant_type": "refresh_token", "service": cloud.login_server, "scope": "registry:catalog:*", "refresh_token": refresh}
    token = cloud.form("registry", "/oauth2/token", form).json["access_token"]
    assert cloud.call("registry", "GET", "/v2/_catalog", headers={"Authorization": f"Bearer {token}"}).status == 200


@pytest.mark.usefixtures("app_service")
@pytest.mark.parametrize("named", [{"client_id": USER}, {"identity_config": {"resource_id": RESOURCE_ID}}], ids=["client", "resource"])
def test_azure_identity_names_a_user_assigned_one(named: dict[str, Any]) -> None:
    with ManagedIdentityCredential(**named) as credential:
        assert claims_in(credential.get_token(f"{ARM_AUDIENCE}/.default").token)["appid"] == USER


@pytest.mark.usefixtures("app_service")
def test_azure_identity_names_a_user_assigned_one_asynchronously() -> None:
    """By its client id: asked for a resource id, its asynchronous credential sends a parameter that App Service does not document."""

    async def token() -> str:
        async with AsyncManagedIdentityCredential(client_id=USER) as credential:
            return str((await credential.get_token(f"{ARM_AUDIENCE}/.default")).token)

    assert claims_in(asyncio.run(token()))["appid"] == USER


@pytest.mark.usefixtures("app_service")
def test_azure_identity_tells_that_an_identity_is_not_the_apps() -> None:
    with (
        ManagedIdentityCredential(client_id=NOBODY) as credential,
        pytest.raises(
            (CredentialUnavailableError, ClientAuthenticationError), match="400, No User Assigned or Delegated Managed Identity found"
        ),
    ):
        credential.get_token(f"{ARM_AUDIENCE}/.default")


def test_an_answer_has_the_documented_form(cloud: Cloud) -> None:
    answer = ask(cloud, principal_id="6f1e2d3c-0000-4000-8000-0000000000aa").json
    told = {"resource": ARM_AUDIENCE, "token_type": "Bearer", "client_id": USER}
    assert answer == {**told, "access_token": answer["access_token"], "expires_on": str(int(answer["expires_on"]))}
    claims = claims_in(answer["access_token"])
    assert (claims["oid"], claims["aud"]) == ("6f1e2d3c-0000-4000-8000-0000000000aa", ARM_AUDIENCE)
    recorded = cloud.control("GET", "requests")[-1]
    assert (recorded["service"], recorded["path"], recorded["identity"]) == ("identity", "/msi/token", USER)


@pytest.mark.parametrize(
    "asked, status",
    [
        pytest.param({"header": "wrong"}, 401, id="another header"),
        pytest.param({"header": ""}, 401, id="no header"),
        pytest.param({"api-version": "2017-09-01"}, 400, id="another version"),
        pytest.param({"resource": ""}, 400, id="no resource"),
        pytest.param({"client_id": NOBODY}, 400, id="an unknown identity"),
        pytest.param({"client_id": USER, "mi_res_id": "/another"}, 400, id="two that differ"),
        pytest.param({"resource": "https://elsewhere.example"}, 500, id="an unknown resource"),
    ],
)
def test_a_refusal_has_the_documented_form(cloud: Cloud, asked: dict[str, str], status: int) -> None:
    answer = ask(cloud, **asked)
    assert (answer.status, answer.json["statusCode"]) == (status, status)
    assert set(answer.json) == {"statusCode", "message", "correlationId"}


def test_a_managed_identity_cannot_sign_in_at_entra(cloud: Cloud) -> None:
    assert cloud.entra_token(client_id=SYSTEM, client_secret="any").json["error_codes"] == [7000215]


def test_a_managed_identity_is_disabled_and_its_tokens_are_revoked(make_cloud: MakeCloud) -> None:
    cloud = with_identities(make_cloud, "taken").start()
    token = ask(cloud).json["access_token"]
    cloud.control("POST", f"apps/{SYSTEM}/revocation", {})
    assert cloud.arm("GET", f"{cloud.registry_id}?{API}", token=token).status == 401
    cloud.control("PUT", f"apps/{SYSTEM}", {"disabled": True})
    assert (ask(cloud).status, ask(cloud, client_id=USER).status) == (500, 200)


def test_an_app_without_a_system_assigned_identity_must_name_one(make_cloud: MakeCloud) -> None:
    cloud = with_identities(make_cloud, "user-only")
    del cloud.config["managedIdentity"]["identities"][0]
    assert ask(cloud.start()).status == 400
    assert ask(cloud, client_id=USER).status == 200
