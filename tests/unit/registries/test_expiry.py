"""Days until credentials end, from what holds them or from what the settings tell."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from devkit.tls import TlsFiles
from registries.expiry import days_left
from registries.heldsecrets import HeldSecrets
from registries.keyvaults import KeyVaults
from replication.credential import ClientCertificate, ClientSecret, Credential, FederatedToken
from replication.failures import Failure, Refused
from replication.mistakes import InvalidSettings
from replication.secret import Secret
from replication.settings import Settings
from replication.vaultsecret import VaultSecret
from tests.devkit.cloud.proving import Certificate
from tests.unit.registries.test_rotation import enclosed
from tests.unit.replication.settings_values import listed, target

MIDNIGHT = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)


async def left(credential: Credential, now: datetime, secrets: HeldSecrets | None = None) -> list[tuple[float, dict[str, str]]]:
    settings = Settings.parse(listed(target()))
    named = {"china": replace(settings.targets["china"], credential=credential)}
    return await days_left(replace(settings, targets=named), secrets or HeldSecrets(), now)


async def test_a_secret_ends_on_the_day_that_the_settings_tell() -> None:
    told = Settings.parse(listed(target(clientSecretExpires="2027-01-31"), SourceACRPullTokenExpires="2027-02-01"))
    assert await days_left(told, HeldSecrets(), MIDNIGHT - timedelta(hours=36)) == [
        (2.5, {"target": "source", "credential": "pull token"}),
        (1.5, {"target": "china", "credential": "client secret"}),
    ]
    assert await days_left(Settings.parse(listed(target())), HeldSecrets(), MIDNIGHT) == []


@pytest.mark.parametrize("date", ["tomorrow", "2027-02-30", "2027-1-31", "20270131", "2027-01-31T00:00:00Z"])
def test_what_is_no_date_is_a_mistake(date: str) -> None:
    with pytest.raises(InvalidSettings) as invalid:
        Settings.parse(listed(target(clientSecretExpires=date), SourceACRPullTokenExpires=date))
    assert [mistake.setting for mistake in invalid.value.mistakes] == [
        "SourceACRPullTokenExpires",
        "ReplicationTargets[0].clientSecretExpires",
    ]


async def test_a_certificate_and_a_token_tell_themselves(tls: TlsFiles, tmp_path: Path) -> None:
    pem, file = tls.ca.read_text(), tmp_path / "token"
    end = load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    assert await left(ClientCertificate(setting="C", pem=Secret(pem)), end + timedelta(days=1)) == [
        (-1.0, {"target": "china", "credential": "certificate"})
    ]
    claims = base64.urlsafe_b64encode(json.dumps({"exp": MIDNIGHT.timestamp()}).encode()).decode().rstrip("=")
    file.write_text(f"e30.{claims}.c2ln\n")
    assert await left(FederatedToken(file=str(file)), MIDNIGHT - timedelta(hours=6)) == [
        (0.25, {"target": "china", "credential": "federated token"})
    ]


async def test_what_does_not_tell_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("no.token")
    silent: list[Credential] = [
        ClientSecret(setting="S", secret=Secret("s")),
        ClientCertificate(setting="C", pem=Secret("no PEM")),
        ClientCertificate(setting="C", pem=Secret("@Microsoft.KeyVault(SecretUri=https://v)")),
        FederatedToken(file=str(file)),
        FederatedToken(file="/not/there"),
    ]
    assert [await left(credential, MIDNIGHT) for credential in silent] == [[]] * len(silent)


async def test_a_certificate_in_a_vault_tells_itself_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made, source = Certificate.make(), VaultSecret(vault="v", name="c", version=None, audience="https://v")
    end = made.certificate.not_valid_after_utc
    for kept in (made.both.decode(), enclosed(made)):

        async def read(*_: object, value: str = kept) -> Secret:
            return Secret(value)

        monkeypatch.setattr(KeyVaults, "read", read)
        found = await left(ClientCertificate(setting="C", pem=source), end - timedelta(days=2))
        assert found == [(2.0, {"target": "china", "credential": "certificate"})]

    async def refused(*_: object) -> Secret:
        raise Refused(Failure(kind="denied", code="vault_denied", doing="read it", said="no", hint="let it"))

    monkeypatch.setattr(KeyVaults, "read", refused)
    assert await left(ClientCertificate(setting="C", pem=source), end) == []
