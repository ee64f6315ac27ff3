"""How an application proves itself to a local Entra: by what azure-identity and MSAL send, and by what they never would."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msal  # type: ignore[import-untyped]
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential, WorkloadIdentityCredential
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential

from devkit.tls import TlsFiles
from tests.devkit.cloud.proving import Certificate, claims_in, claims_of
from tests.devkit.cloud.running import API, ARM_AUDIENCE, Answer, Cloud, MakeClouds

SCOPE = f"{ARM_AUDIENCE}/.default"
CLIENT = "6f1e2d3c-0000-4000-8000-00000000000a"
ISSUER, SUBJECT = "https://token.actions.example", "repo:contoso/images:ref:refs/heads/main"
ENTRAS = tuple(f"https://{host}/8d0c/v2.0" for host in ("login.partner.microsoftonline.cn", "login.microsoftonline.com"))
EXCHANGE = "api://AzureADTokenExchangeChina"
CERTIFICATE, OLD, FOREIGN, PUBLISHER = Certificate.make(), Certificate.make(days=0), Certificate.make(), Certificate.make()
SECRETS = [
    {"id": "first", "value": "canary~First1Q.secret"},
    {"id": "second", "value": "canary~Second2Q.secret", "expires": "2999-01-01T00:00:00Z"},
    {"id": "old", "value": "canary~Old3Q.secret", "expires": "2001-01-01T00:00:00Z"},
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    app = {
        "clientId": CLIENT,
        "clientSecrets": SECRETS,
        "certificates": [CERTIFICATE.pem, OLD.pem],
        "federated": [{"issuer": issuer, "subject": SUBJECT, "keys": [PUBLISHER.public_pem]} for issuer in (ISSUER, *ENTRAS)],
        "actions": ["Microsoft.ContainerRegistry/registries/read"],
    }
    bare = {"clientId": CLIENT.replace("000a", "000b"), "certificates": [CERTIFICATE.pem], "actions": []}
    with MakeClouds(tmp_path_factory.mktemp("entra"), tls)("entra", principals=[app, bare], azureCloud="china").serving("canary") as made:
        yield made


def options(cloud: Cloud, tls: TlsFiles) -> dict[str, Any]:
    return {"authority": cloud.url("entra"), "disable_instance_discovery": True, "connection_verify": str(tls.ca)}


def endpoint(cloud: Cloud) -> str:
    return f"{cloud.url('entra')}/{cloud.config['tenantId']}/oauth2/v2.0/token"


def by_assertion(cloud: Cloud, assertion: str, client: str = CLIENT) -> Answer:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "client_id": client, "client_assertion_type": kind, "client_assertion": assertion}
    return cloud.form("entra", f"/{cloud.config['tenantId']}/oauth2/v2.0/token", {**form, "scope": SCOPE})


def refused(answer: Answer, number: int, error: str = "invalid_client") -> str:
    assert (answer.json["error"], answer.json["error_codes"]) == (error, [number])
    assert answer.status == (401 if error == "invalid_client" else 400)
    return str(answer.json["error_description"])


def accepted_by_arm(cloud: Cloud, token: str) -> bool:
    return cloud.arm("GET", f"{cloud.registry_id}?{API}", token=token).status == 200


@pytest.mark.parametrize("secret", SECRETS[:2], ids=lambda secret: str(secret["id"]))
def test_any_of_an_applications_secrets_signs_in(cloud: Cloud, tls: TlsFiles, secret: dict[str, str]) -> None:
    with ClientSecretCredential(cloud.config["tenantId"], CLIENT, secret["value"], **options(cloud, tls)) as credential:
        assert accepted_by_arm(cloud, credential.get_token(SCOPE).token)


@pytest.mark.parametrize(
    "secret, told",
    [
        pytest.param(SECRETS[2]["value"], f"AADSTS7000222: The provided client secret keys for app '{CLIENT}' are expired", id="expired"),
        pytest.param("canary~Wrong", "AADSTS7000215: Invalid client secret provided", id="wrong"),
    ],
)
def test_an_expired_secret_is_told_from_a_wrong_one(cloud: Cloud, tls: TlsFiles, secret: str, told: str) -> None:
    credential = ClientSecretCredential(cloud.config["tenantId"], CLIENT, secret, **options(cloud, tls))
    with credential, pytest.raises(ClientAuthenticationError) as refusal:
        credential.get_token(SCOPE)
    assert told in str(refusal.value)


@pytest.mark.parametrize("chain", [False, True], ids=["thumbprint", "chain"])
def test_a_certificate_signs_in(cloud: Cloud, tls: TlsFiles, chain: bool) -> None:
    """RS256 and `x5t`, with `x5c` when the chain is sent."""
    more = {"certificate_data": CERTIFICATE.both, "send_certificate_chain": chain, **options(cloud, tls)}
    with CertificateCredential(cloud.config["tenantId"], CLIENT, **more) as credential:
        token = credential.get_token(SCOPE).token
    assert claims_in(token)["appidacr"] == "2"
    assert accepted_by_arm(cloud, token)


def test_a_certificate_signs_in_as_asynchronous_clients_do(cloud: Cloud, tls: TlsFiles) -> None:
    """PS256 and `x5t#S256`, padded."""

    async def token() -> str:
        more = {"certificate_data": CERTIFICATE.both, **options(cloud, tls)}
        async with AsyncCertificateCredential(cloud.config["tenantId"], CLIENT, **more) as credential:
            return (await credential.get_token(SCOPE)).token

    assert accepted_by_arm(cloud, asyncio.run(token()))


def test_msal_signs_in_with_a_certificate(cloud: Cloud, tls: TlsFiles) -> None:
    """PS256, `x5t#S256` and `x5c`."""
    proof = {"private_key": CERTIFICATE.key_pem, "public_certificate": CERTIFICATE.pem}
    answer = msal_app(cloud, tls, proof, instance_discovery=False).acquire_token_for_client([SCOPE])
    assert accepted_by_arm(cloud, answer["access_token"])


def msal_app(cloud: Cloud, tls: TlsFiles, proof: Any, **more: Any) -> msal.ConfidentialClientApplication:
    session = requests.Session()
    session.verify = str(tls.ca)
    session.trust_env = False
    authority = f"{cloud.url('entra')}/{cloud.config['tenantId']}"
    return msal.ConfidentialClientApplication(CLIENT, proof, authority=authority, http_client=session, **more)


def test_a_client_that_discovers_a_local_authority_fails_as_at_the_real_service(cloud: Cloud, tls: TlsFiles) -> None:
    with pytest.raises(ValueError, match="invalid_instance"):
        msal_app(cloud, tls, "secret", instance_discovery=f"{cloud.url('entra')}/common/discovery/instance")
    known = "authorization_endpoint=https://login.microsoftonline.us/tenant/oauth2/v2.0/authorize"
    answer = cloud.call("entra", "GET", f"/common/discovery/instance?api-version=1.1&{known}")
    assert answer.json["tenant_discovery_endpoint"].startswith("https://login.microsoftonline.us/tenant/v2.0/")
    assert any("login.chinacloudapi.cn" in one["aliases"] for one in answer.json["metadata"])


def test_the_configuration_names_its_cloud(cloud: Cloud) -> None:
    path = f"/{cloud.config['tenantId']}/v2.0/.well-known/openid-configuration"
    told = cloud.call("entra", "GET", path).json
    assert (told["token_endpoint"], told["cloud_instance_name"]) == (endpoint(cloud), "partner.microsoftonline.cn")
    assert cloud.call("entra", "GET", told["jwks_uri"].removeprefix(cloud.url("entra"))).json == {"keys": []}
    refused(cloud.call("entra", "GET", path.replace(cloud.config["tenantId"], "elsewhere")), 90002, "invalid_tenant")


@pytest.mark.parametrize(
    "signer, named, changed, number, words",
    [
        pytest.param(FOREIGN, FOREIGN, {}, 700027, "The key was not found., Thumbprint of key used by client: '", id="not registered"),
        pytest.param(FOREIGN, CERTIFICATE, {}, 700027, "The provided signature value did not match", id="signed with another key"),
        pytest.param(OLD, OLD, {}, 700027, "The key used is expired.", id="an expired certificate"),
        pytest.param(CERTIFICATE, CERTIFICATE, {"aud": "https://elsewhere.example"}, 700023, "Realm issuer", id="another audience"),
        pytest.param(CERTIFICATE, CERTIFICATE, {"sub": "another"}, 700021, "'client_id' parameter", id="another subject"),
        pytest.param(CERTIFICATE, CERTIFICATE, {"nbf": 1, "exp": 2}, 700024, "expiry time of assertion 1970-01-01T00:00:02", id="expired"),
        pytest.param(CERTIFICATE, CERTIFICATE, {"nbf": 9e9, "exp": 9e9 + 1}, 700024, "valid from 2255-03-14", id="not yet valid"),
    ],
)
def test_an_assertion_is_refused_for_what_is_wrong_with_it(
    cloud: Cloud, signer: Certificate, named: Certificate, changed: dict[str, Any], number: int, words: str
) -> None:
    assertion = signer.sign(claims_of(CLIENT, endpoint(cloud), **changed), named=named)
    assert words in refused(by_assertion(cloud, assertion), number)


def test_a_small_difference_of_clocks_is_forgiven(cloud: Cloud) -> None:
    claims = claims_of(CLIENT, endpoint(cloud))
    late = CERTIFICATE.sign({**claims, "exp": claims["nbf"] - 60, "nbf": claims["nbf"] - 120}, algorithm="PS256")
    assert by_assertion(cloud, late).status == 200


@pytest.mark.parametrize(
    "assertion",
    ["nonsense", "eyJhbGciOlsxXX0.eyJleHAiOjl9.", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.", "W10.W10.W10"],
)
def test_what_is_no_assertion_is_refused(cloud: Cloud, assertion: str) -> None:
    refused(by_assertion(cloud, assertion), 50027, "invalid_request")


def test_an_application_must_prove_itself(cloud: Cloud) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": SCOPE}
    refused(cloud.form("entra", f"/{cloud.config['tenantId']}/oauth2/v2.0/token", form), 7000216)
    form |= {"client_assertion": CERTIFICATE.sign(claims_of(CLIENT, endpoint(cloud)))}
    refused(cloud.form("entra", f"/{cloud.config['tenantId']}/oauth2/v2.0/token", form), 900144, "invalid_request")


def test_a_federated_assertion_signs_in(cloud: Cloud, tls: TlsFiles, tmp_path: Path) -> None:
    assertion = PUBLISHER.sign(claims_of("", EXCHANGE, iss=ISSUER, sub=SUBJECT))
    file = tmp_path / "token"
    file.write_text(PUBLISHER.sign({**claims_of("", "", iss=ISSUER, sub=SUBJECT), "aud": [EXCHANGE]}))  # as Kubernetes projects it
    tenant = cloud.config["tenantId"]
    with ClientAssertionCredential(tenant, CLIENT, lambda: assertion, **options(cloud, tls)) as credential:
        assert accepted_by_arm(cloud, credential.get_token(SCOPE).token)
    known: dict[str, Any] = {"tenant_id": tenant, "client_id": CLIENT, "token_file_path": str(file)}
    with WorkloadIdentityCredential(**known, **options(cloud, tls)) as workload:
        assert accepted_by_arm(cloud, workload.get_token(SCOPE).token)


@pytest.mark.parametrize(
    "changed, number",
    [
        pytest.param({"iss": "https://elsewhere.example"}, 700211, id="another issuer"),
        pytest.param({"sub": "repo:contoso/other"}, 700213, id="another subject"),
        pytest.param({"sub": SUBJECT.upper()}, 7002138, id="a subject in another case"),
        pytest.param({"aud": "api://AzureADTokenExchange"}, 700212, id="another cloud's audience"),
        pytest.param({"nbf": 1, "exp": 2}, 700024, id="expired"),
    ],
)
def test_a_federated_assertion_must_match(cloud: Cloud, changed: dict[str, Any], number: int) -> None:
    assertion = PUBLISHER.sign({**claims_of("", EXCHANGE, iss=ISSUER, sub=SUBJECT), **changed})
    refused(by_assertion(cloud, assertion), number)


@pytest.mark.parametrize("answer", ["refused", "accepted"])
def test_another_clouds_entra_is_trusted_as_the_switch_says(cloud: Cloud, answer: str) -> None:
    cloud.control("PUT", "unknowns", {"foreignEntraIssuer": answer})
    own, foreign = (by_assertion(cloud, PUBLISHER.sign(claims_of("", EXCHANGE, iss=entra, sub=SUBJECT))) for entra in ENTRAS)
    assert own.status == 200
    assert foreign.status == 200 if answer == "accepted" else refused(foreign, 700211)


def test_a_federated_assertion_must_be_its_issuers_and_of_use_to_the_application(cloud: Cloud) -> None:
    claims = claims_of("", EXCHANGE, iss=ISSUER, sub=SUBJECT)
    refused(by_assertion(cloud, FOREIGN.sign(claims)), 50013)
    refused(by_assertion(cloud, PUBLISHER.sign(claims), client=cloud.config["principals"][1]["clientId"]), 70025)
