"""Credentials that are rotated while they are used: what was refused is read again once, both passwords of a token are tried, and a token
that was revoked is got anew."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from devkit.tls import TlsFiles
from registries.connections import Connections
from registries.credentials import EntraCredential
from registries.heldsecrets import HeldSecrets
from registries.source import SourceTokens, source_registry
from registries.wire import Wire
from replication.credential import ClientCertificate, ClientSecret, Credential
from replication.failures import Refused
from replication.limits import Limits
from replication.references import Digest, Repository, Tag
from replication.secret import Secret
from replication.settings import Settings
from replication.storesetting import SqliteFile
from replication.targets import Source, Target
from replication.vaultsecret import SecretSource
from tests.devkit.cloud.proving import Certificate
from tests.devkit.cloud.running import ARM_AUDIENCE, Cloud, MakeClouds
from tests.e2e.eventually import eventually
from tests.unit.registries.live import asked_of, check_refusal, imports_client, password_of, source_of, target_of
from tests.unit.registries.vaulted import app_service, kept_in, vaulted

ONE, TWO, THREE = (f"canary~Password{number}Q" for number in (1, 2, 3))
FIRST, SECOND, ENCLOSED = (Certificate.make() for _ in range(3))
CERTIFIED = "6f1e2d3c-0000-4000-8000-00000000000b"
APP, V1 = Repository("rotation/app"), Tag("v1")
SCOPE = "repository:rotation/app:pull"


def enclosed(certificate: Certificate) -> str:
    """As a vault keeps a certificate unless it is told otherwise."""
    public = load_pem_x509_certificate(certificate.pem.encode())
    return base64.b64encode(pkcs12.serialize_key_and_certificates(b"app", certificate.key, public, None, NoEncryption())).decode()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    make = MakeClouds(tmp_path_factory.mktemp("rotation"), tls)
    certified = {"clientId": CERTIFIED, "certificates": [one.pem for one in (SECOND, ENCLOSED)], "actions": []}
    with vaulted(make, client=ONE, pull=ONE, other=TWO, certificate=FIRST.both.decode()) as made:
        made.stop()
        made.config["principals"].append(certified)
        made.start()
        yield made


@pytest.fixture(autouse=True)
def identities(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    app_service(cloud, monkeypatch)


@asynccontextmanager
async def signing(target: Target) -> AsyncIterator[EntraCredential]:
    secrets = HeldSecrets()
    try:
        yield EntraCredential(target, secrets)
    finally:
        await secrets.close()


def signs_in(cloud: Cloud, secret: SecretSource) -> Target:
    return target_of(cloud, credential=ClientSecret(setting="ChinaClientSecret", secret=secret))


def asked_entra(cloud: Cloud) -> list[int]:
    return [one["status"] for one in asked_of(cloud, "/oauth2/v2.0/token", service="entra")]


async def test_a_client_secret_that_was_rotated_is_read_again_at_once(cloud: Cloud) -> None:
    target, control = signs_in(cloud, kept_in(cloud, "client")), cloud.controls
    control.set_secret(target.client_id, "a", ONE)
    control.set_vault_secret("client", ONE)
    async with signing(target) as credential:
        token = await credential.token(ARM_AUDIENCE)
        control.set_secret(target.client_id, "a", TWO)
        control.set_vault_secret("client", TWO)
        credential.forget(ARM_AUDIENCE, token)
        before = len(asked_entra(cloud))
        found = await asyncio.gather(*(credential.token(ARM_AUDIENCE) for _ in range(20)))
    assert {one.value for one in found} != {token.value} and len({one.value for one in found}) == 1
    assert asked_entra(cloud)[before:] == [401, 200]


async def test_a_secret_that_is_wrong_in_the_vault_too_is_told_after_one_more_look(cloud: Cloud) -> None:
    target, control = signs_in(cloud, kept_in(cloud, "client")), cloud.controls
    control.set_vault_secret("client", THREE)
    async with signing(target) as credential:
        before, reads = len(asked_entra(cloud)), len(asked_of(cloud, "/secrets/client/", service="vault"))
        with pytest.raises(Refused) as refused:
            await credential.token(ARM_AUDIENCE)
        failure = check_refusal(refused, "denied", "credential_wrong", THREE)
        assert "into the secret client of localhost:" in failure.hint and "which the setting ChinaClientSecret names" in failure.hint
        assert asked_entra(cloud)[before:] == [401]
        assert len(asked_of(cloud, "/secrets/client/", service="vault")) - reads == 2
        control.set_vault_secret("client", ONE)
        control.set_secret(target.client_id, "a", ONE)
        assert await credential.token(ARM_AUDIENCE)


@pytest.mark.parametrize("kept", [SECOND.both.decode(), enclosed(ENCLOSED)], ids=["PEM", "PKCS 12"])
async def test_a_certificate_that_was_rotated_is_read_again_at_once(cloud: Cloud, kept: str) -> None:
    credential: Credential = ClientCertificate(setting="ChinaCertificate", pem=kept_in(cloud, "certificate"))
    cloud.controls.set_vault_secret("certificate", FIRST.both.decode())
    async with signing(target_of(cloud, credential=credential, client_id=CERTIFIED)) as signer:
        with pytest.raises(Refused) as refused:
            await signer.token(ARM_AUDIENCE)
        check_refusal(refused, "denied", "credential_wrong", FIRST.key_pem[40:80])
        cloud.controls.set_vault_secret("certificate", kept)
        assert await signer.token(ARM_AUDIENCE)


async def test_a_token_that_was_revoked_is_got_anew_by_whoever_is_refused(cloud: Cloud) -> None:
    target = target_of(cloud)
    here = Connections(Settings(source_of(cloud), {"china": target}, Limits(), SqliteFile(Path("/not-asked"))))
    digest = Digest.parse(cloud.push_image(str(APP), "v1"))
    try:
        china = here.target("china")
        await china.imports.begin(APP, digest)
        await china.credential.token(target.cloud.acr_audience)
        cloud.controls.revoke(target.client_id)
        states = await asyncio.gather(*(china.imports.begin(APP, digest) for _ in range(10)))
        assert {state.state for state in states} <= {"running", "ended"}
        assert (await china.tokens.refresh_token()).fresh
    finally:
        await here.close()


@asynccontextmanager
async def pulling(cloud: Cloud, password: SecretSource, second: SecretSource | None = None) -> AsyncIterator[SourceTokens]:
    source = replace(source_of(cloud), token_password=password, second_password=second)
    wire, secrets = Wire(source.login_server), HeldSecrets()
    try:
        yield source_registry(source, wire, secrets=secrets)[1]
    finally:
        await wire.close()
        await secrets.close()


def passwords(cloud: Cloud, *values: str) -> None:
    for slot, value in zip(("password1", "password2"), values, strict=True):
        cloud.controls.set_password("pull", slot, value)


def asked_source(cloud: Cloud) -> list[tuple[int, bool]]:
    """Status, and whether a scope was asked for."""
    return [(one["status"], "scope=" in one["path"]) for one in asked_of(cloud, "/oauth2/token")]


async def test_the_other_password_is_tried_and_then_first(cloud: Cloud) -> None:
    passwords(cloud, THREE, TWO)
    async with pulling(cloud, Secret(ONE), Secret(TWO)) as tokens:
        before = len(asked_source(cloud))
        assert await tokens.get(SCOPE)
        assert [status for status, _ in asked_source(cloud)[before:]] == [401, 401, 200]
        assert await tokens.get("repository:rotation/other:pull")
        assert await tokens.password("import it") == Secret(TWO)
        assert [status for status, _ in asked_source(cloud)[before:]] == [401, 401, 200, 200]


async def test_with_one_password_nothing_is_asked_for_the_sake_of_an_import(cloud: Cloud) -> None:
    async with pulling(cloud, Secret(ONE)) as tokens:
        before = len(asked_source(cloud))
        assert await tokens.password("import it") == Secret(ONE)
        assert len(asked_source(cloud)) == before


async def test_of_two_passwords_an_import_is_given_one_that_the_source_takes(cloud: Cloud) -> None:
    passwords(cloud, THREE, TWO)
    async with pulling(cloud, Secret(ONE), Secret(TWO)) as tokens:
        found = await asyncio.gather(*(tokens.password("import it") for _ in range(10)))
        assert found == [Secret(TWO)] * 10
        passwords(cloud, ONE, THREE)
        await tokens.prove()
        assert await tokens.password("import it") == Secret(ONE)


async def test_passwords_that_were_rotated_in_the_vault_are_read_again(cloud: Cloud) -> None:
    passwords(cloud, ONE, TWO)
    for name, value in (("pull", ONE), ("other", TWO)):
        cloud.controls.set_vault_secret(name, value)
    async with pulling(cloud, kept_in(cloud, "pull"), kept_in(cloud, "other")) as tokens:
        assert await tokens.get(SCOPE)
        passwords(cloud, THREE, "canary~Password4Q")
        cloud.controls.set_vault_secret("other", "canary~Password4Q")
        assert await tokens.get("repository:rotation/again:pull")
        assert await tokens.password("import it") == Secret("canary~Password4Q")


async def test_a_slot_that_cannot_be_read_leaves_the_other(cloud: Cloud) -> None:
    passwords(cloud, ONE, TWO)
    async with pulling(cloud, kept_in(cloud, "never"), Secret(TWO)) as tokens:
        assert await tokens.get(SCOPE)
        assert await tokens.password("import it") == Secret(TWO)
    async with pulling(cloud, kept_in(cloud, "never"), Secret(THREE)) as tokens:
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
        check_refusal(refused, "denied", "source_denied", THREE)
    async with pulling(cloud, kept_in(cloud, "never")) as tokens:
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
        check_refusal(refused, "denied", "secret_missing")


async def test_both_refused_are_told_once_with_both_settings(cloud: Cloud) -> None:
    passwords(cloud, ONE, TWO)
    async with pulling(cloud, Secret(THREE), Secret(f"{THREE}?")) as tokens:
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
    failure = check_refusal(refused, "denied", "source_denied", THREE)
    assert "SourceACRPullTokenPassword and SourceACRPullTokenPassword2" in failure.hint


async def test_an_import_that_a_rotation_broke_is_tried_again_at_once(cloud: Cloud) -> None:
    """ARM was given the password of before: the source's own answer tells that the token is good."""
    source: Source = source_of(cloud)
    cloud.controls.set_password("pull", "password1", password_of(source))
    digest = Digest.parse(cloud.push_image(str(APP), "v1"))
    async with imports_client(target_of(cloud), source) as imports:
        cloud.controls.set_password("pull", "password1", THREE)
        state = await imports.begin(APP, digest)
        eventually(lambda: cloud.controls.imports(str(APP))[-1], lambda one: one["state"] == "failed")
        cloud.controls.set_password("pull", "password1", password_of(source))
        assert state.operation is not None
        state = await imports.look_at(state.operation, APP, digest)
    assert state.failure is not None
    assert (state.failure.kind, state.failure.code) == ("transient", "source_denied")
    assert "tried again" in state.failure.hint
