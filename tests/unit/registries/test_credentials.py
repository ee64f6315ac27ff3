"""The three ways to prove who the app is, at a local Entra; and the token of the source that a target's ARM copies by."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from devkit.tls import TlsFiles
from registries.credentials import EntraCredential
from replication.credential import ClientCertificate, Credential, FederatedToken
from replication.failures import Failure, Refused
from replication.references import Digest, Repository
from replication.secret import UNRESOLVED, Secret
from replication.targets import SourceToken, Target
from tests.devkit.cloud.proving import Certificate, claims_of
from tests.devkit.cloud.running import ARM_AUDIENCE, Cloud, Clouds, MakeClouds
from tests.unit.registries.live import check_refusal, imports_client, source_of, target_of

CERTIFICATE, EXPIRED, FOREIGN, PUBLISHER = Certificate.make(), Certificate.make(days=0), Certificate.make(), Certificate.make()
ISSUER, SUBJECT, EXCHANGE = "https://token.actions.example", "repo:contoso/images", "api://AzureADTokenExchange"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    app = {
        "clientId": "6f1e2d3c-0000-4000-8000-00000000000a",
        "clientSecret": "canary~Unused1Q.secret",
        "certificates": [CERTIFICATE.pem, EXPIRED.pem],
        "federated": [{"issuer": ISSUER, "subject": SUBJECT, "keys": [PUBLISHER.public_pem]}],
        "actions": [],
    }
    with MakeClouds(tmp_path_factory.mktemp("credentials"), tls)("credentials", principals=[app]).serving("canary") as made:
        yield made


def with_(cloud: Cloud, credential: Credential) -> Target:
    return target_of(cloud, credential=credential)


def certificate(pem: str | bytes, **more: Any) -> ClientCertificate:
    return ClientCertificate(setting="ChinaCertificate", pem=Secret(pem if isinstance(pem, str) else pem.decode()), **more)


async def token(target: Target) -> str:
    credential = EntraCredential(target)
    return (await credential.token(ARM_AUDIENCE)).value.reveal()


async def refusal(target: Target, code: Any, *secrets: str) -> Failure:
    with pytest.raises(Refused) as refused:
        await token(target)
    return check_refusal(refused, "denied", code, *secrets)


@pytest.mark.parametrize("chain", [False, True])
async def test_a_certificate_signs_in(cloud: Cloud, chain: bool) -> None:
    assert await token(with_(cloud, certificate(CERTIFICATE.both, send_chain=chain)))


async def test_a_certificate_signs_in_whose_line_ends_are_escaped_as_in_json(cloud: Cloud) -> None:
    assert await token(with_(cloud, certificate(CERTIFICATE.both.decode().replace("\n", "\\n"))))


async def test_a_key_may_have_a_password(cloud: Cloud) -> None:
    form = serialization.BestAvailableEncryption(b"canary-of-the-key")
    key = CERTIFICATE.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form).decode()
    assert await token(with_(cloud, certificate(key + CERTIFICATE.pem, password=Secret("canary-of-the-key"), password_setting="P")))
    for wrong in (Secret("canary-of-another"), None):
        failure = await refusal(
            with_(cloud, certificate(key + CERTIFICATE.pem, password=wrong)), "settings_invalid", "canary-of", key[40:80]
        )
        assert failure.said.startswith(
            "the setting ChinaCertificate holds no certificate with an RSA key that can be read, or the password"
        )


def curve() -> str:
    plain = serialization.NoEncryption()
    key = generate_private_key(SECP256R1()).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return key.decode() + CERTIFICATE.pem


@pytest.mark.parametrize("pem", [CERTIFICATE.pem, CERTIFICATE.key_pem, curve(), "no PEM", "-----BEGIN"], ids=range(5))
async def test_what_is_no_certificate_with_its_key_is_sent_to_nobody(cloud: Cloud, pem: str) -> None:
    before = len(cloud.control("GET", "requests"))
    await refusal(with_(cloud, certificate(pem)), "settings_invalid", pem[40:80] or "canary")
    assert len(cloud.control("GET", "requests")) == before


@pytest.mark.parametrize("unregistered", [EXPIRED, FOREIGN], ids=["expired", "foreign"])
async def test_a_certificate_that_entra_refuses_is_told(cloud: Cloud, unregistered: Certificate) -> None:
    expired = unregistered is EXPIRED
    code = "credential_expired" if expired else "credential_wrong"
    failure = await refusal(with_(cloud, certificate(unregistered.both)), code, unregistered.key_pem[40:80])
    assert failure.said.startswith("AADSTS700027")
    assert f"The certificate in the setting ChinaCertificate {'has expired' if expired else 'is not registered for'}" in failure.hint


async def test_a_key_vault_reference_is_no_certificate(cloud: Cloud) -> None:
    await refusal(with_(cloud, certificate(f"{UNRESOLVED}SecretUri=canary)")), "secret_unresolved", "canary")


def assertion(**changed: Any) -> str:
    return PUBLISHER.sign(claims_of("", "", **{"iss": ISSUER, "sub": SUBJECT, "aud": EXCHANGE, **changed}))


async def test_a_federated_token_is_read_each_time(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "token"
    target = with_(cloud, FederatedToken(file=str(file)))
    credential = EntraCredential(target)
    for content, trouble in ((None, "FileNotFoundError"), (b" \n", "it is empty"), (b"\xff", "UnicodeDecodeError")):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(Refused) as refused:
            await credential.token(ARM_AUDIENCE)
        failure = check_refusal(refused, "denied", "settings_invalid")
        assert failure.said == f"the file {file} holds no token that can be read ({trouble})"
    file.write_text(assertion() + "\n")
    assert (await credential.token(ARM_AUDIENCE)).value.reveal()
    file.unlink()
    assert (await credential.token(ARM_AUDIENCE)).value.reveal()  # Entra's own is still good


@pytest.mark.parametrize(
    "changed, number, hint",
    [
        ({"iss": "https://elsewhere.example"}, "AADSTS700211", "names the issuer of the token in the file"),
        ({"sub": "repo:contoso/other"}, "AADSTS700213", "names the subject"),
        ({"aud": "api://AzureADTokenExchangeChina"}, "AADSTS700212", "names the audience"),
        ({"exp": int(time.time()) - 3600}, "AADSTS700024", "is renewed"),
    ],
)
async def test_a_federated_token_that_entra_refuses_is_told(
    cloud: Cloud, tmp_path: Path, changed: dict[str, Any], number: str, hint: str
) -> None:
    signed = assertion(**changed)
    (tmp_path / "token").write_text(signed)
    code = "credential_expired" if "exp" in changed else "credential_wrong"
    failure = await refusal(with_(cloud, FederatedToken(file=str(tmp_path / "token"))), code, signed)
    assert failure.said.startswith(number)
    assert hint in failure.hint


async def test_arm_copies_by_the_targets_own_token_of_the_source(clouds: Clouds) -> None:
    digest = Digest.parse(clouds.source.push_image("credentials/own", "v1"))
    source = source_of(clouds.source)
    own = SourceToken(name=source.token_name, password=source.token_password, setting="ChinaPull")
    broken = replace(source, token_name="nobody", token_password=Secret("canary~Wrong"))
    async with imports_client(target_of(clouds.target, source_token=own), broken) as imports:
        state = await imports.begin(Repository("credentials/own"), digest)
        while state.state == "running" and state.operation is not None:
            state = await imports.look_at(state.operation, Repository("credentials/own"), digest)
    assert state.state == "ended"


async def test_an_own_token_that_key_vault_withheld_is_sent_to_nobody(clouds: Clouds) -> None:
    own = SourceToken(name="pull", password=Secret(f"{UNRESOLVED}SecretUri=canary)"), setting="ChinaPull")
    async with imports_client(target_of(clouds.target, source_token=own), source_of(clouds.source)) as imports:
        with pytest.raises(Refused) as refused:
            await imports.begin(Repository("credentials/own"), Digest("0" * 64))
    assert "the setting ChinaPull holds a Key Vault reference" in check_refusal(refused, "denied", "secret_unresolved", "canary").said
