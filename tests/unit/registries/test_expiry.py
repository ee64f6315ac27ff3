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
from replication.credential import ClientCertificate, ClientSecret, Credential, FederatedToken
from replication.mistakes import InvalidSettings
from replication.secret import Secret
from replication.settings import Settings
from tests.unit.replication.settings_values import listed, target

MIDNIGHT = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)


def left(credential: Credential, now: datetime) -> list[tuple[float, dict[str, str]]]:
    settings = Settings.parse(listed(target()))
    return days_left(replace(settings, targets={"china": replace(settings.targets["china"], credential=credential)}), now)


def test_a_secret_ends_on_the_day_that_the_settings_tell() -> None:
    told = Settings.parse(listed(target(clientSecretExpires="2027-01-31"), SourceACRPullTokenExpires="2027-02-01"))
    assert days_left(told, MIDNIGHT - timedelta(hours=36)) == [
        (2.5, {"target": "source", "credential": "pull token"}),
        (1.5, {"target": "china", "credential": "client secret"}),
    ]
    assert days_left(Settings.parse(listed(target())), MIDNIGHT) == []


@pytest.mark.parametrize("date", ["tomorrow", "2027-02-30", "2027-1-31", "20270131", "2027-01-31T00:00:00Z"])
def test_what_is_no_date_is_a_mistake(date: str) -> None:
    with pytest.raises(InvalidSettings) as invalid:
        Settings.parse(listed(target(clientSecretExpires=date), SourceACRPullTokenExpires=date))
    assert [mistake.setting for mistake in invalid.value.mistakes] == [
        "SourceACRPullTokenExpires",
        "ReplicationTargets[0].clientSecretExpires",
    ]


def test_a_certificate_and_a_token_tell_themselves(tls: TlsFiles, tmp_path: Path) -> None:
    pem, file = tls.ca.read_text(), tmp_path / "token"
    end = load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    assert left(ClientCertificate(setting="C", pem=Secret(pem)), end + timedelta(days=1)) == [
        (-1.0, {"target": "china", "credential": "certificate"})
    ]
    claims = base64.urlsafe_b64encode(json.dumps({"exp": MIDNIGHT.timestamp()}).encode()).decode().rstrip("=")
    file.write_text(f"e30.{claims}.c2ln\n")
    assert left(FederatedToken(file=str(file)), MIDNIGHT - timedelta(hours=6)) == [
        (0.25, {"target": "china", "credential": "federated token"})
    ]


def test_what_does_not_tell_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("no.token")
    silent: list[Credential] = [
        ClientSecret(setting="S", secret=Secret("s")),
        ClientCertificate(setting="C", pem=Secret("no PEM")),
        ClientCertificate(setting="C", pem=Secret("@Microsoft.KeyVault(SecretUri=https://v)")),
        FederatedToken(file=str(file)),
        FederatedToken(file="/not/there"),
    ]
    assert [left(credential, MIDNIGHT) for credential in silent] == [[]] * len(silent)
