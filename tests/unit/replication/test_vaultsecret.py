"""Secrets that settings name by their URI: where their vaults may be, and whom a token for them is for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.credential import ClientCertificate, ClientSecret
from replication.secret import Secret
from replication.settings import Settings
from replication.targets import SourceToken
from replication.vaultsecret import NO_KNOWN_VAULT, NO_URI, VaultSecret, held_in
from tests.unit.replication.settings_values import CLIENT_SECRET, GUID, PULL_PASSWORD, SAMPLE, listed, target
from tests.unit.replication.test_credentialfields import NO_SECRET
from tests.unit.replication.test_settings import mistakes_of

VERSION = "0123456789abcdef0123456789abcdef"
URI = "https://contoso-kv.vault.azure.net/secrets/pull"
LOCAL = {"SourceCAFile": "/ca.pem"}
BLEU = {"SourceVaultAudience": "https://vault.bleu.example/"}


def named(vault: str = "contoso-kv.vault.azure.net", name: str = "pull", version: str | None = None, audience: str = "") -> VaultSecret:
    return VaultSecret(vault=vault, name=name, version=version, audience=audience or "https://vault.azure.net")


@pytest.mark.parametrize(
    "text, more, secret, below",
    [
        (URI, {}, named(), True),
        (f"{URI}/", {}, named(), True),
        (f"{URI}/{VERSION}", {}, named(version=VERSION), True),
        ("https://Contoso-KV.Vault.Azure.net/secrets/Pull-1", {}, named(name="Pull-1"), True),
        ("https://kv1.vault.azure.cn/secrets/pull", {}, named("kv1.vault.azure.cn", audience="https://vault.azure.cn"), True),
        (
            "https://kv1.vault.usgovcloudapi.net/secrets/pull",
            {},
            named("kv1.vault.usgovcloudapi.net", audience="https://vault.usgovcloudapi.net"),
            True,
        ),
        ("https://kv1.vault.bleu.example/secrets/pull", BLEU, named("kv1.vault.bleu.example", audience="https://vault.bleu.example"), True),
        ("https://localhost:5443/secrets/pull", LOCAL, named("localhost:5443"), False),
        ("https://localhost:5443/secrets/pull", {**LOCAL, **BLEU}, named("localhost:5443", audience="https://vault.bleu.example"), False),
    ],
)
def test_a_setting_may_name_a_secret_by_its_uri(text: str, more: dict[str, str], secret: VaultSecret, below: bool) -> None:
    found = held_in({"Setting": text, **more}, "Setting")
    assert found == secret
    assert isinstance(found, VaultSecret) and found.below_audience == below


@pytest.mark.parametrize(
    "text, more, wrong",
    [
        ("https://contoso-kv.vault.azure.net/keys/pull", {}, NO_URI),
        ("https://contoso-kv.vault.azure.net/secrets/", {}, NO_URI),
        ("https://contoso-kv.vault.azure.net/secrets/pu_ll", {}, NO_URI),
        (f"{URI}/latest", {}, NO_URI),
        (f"{URI}?api-version=7.4", {}, NO_URI),
        (f"{URI}#x", {}, NO_URI),
        (f"{URI}\n", {}, NO_URI),
        (f"https://me:{PULL_PASSWORD}@contoso-kv.vault.azure.net/secrets/pull", {}, NO_URI),
        ("https://kv.evil.example/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://kv.vault.azure.net.evil.example/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://evil.example.vault.azure.net/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://vault.azure.net/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://kv-.vault.azure.net/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://kv1.vault.azure.net:8443/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://kv1.vault.bleu.example/secrets/pull", {}, NO_KNOWN_VAULT),
        ("https://kv1.x.vault.bleu.example/secrets/pull", BLEU, NO_KNOWN_VAULT),
        ("https://localhost:5443/secrets/pull", {}, NO_KNOWN_VAULT),
    ],
)
def test_what_begins_like_a_uri_and_names_no_secret_of_a_known_cloud_is_a_mistake(text: str, more: dict[str, str], wrong: str) -> None:
    assert mistakes_of({**SAMPLE, **more, "SourceACRPullTokenPassword": text}) == [("SourceACRPullTokenPassword", wrong)]
    single = {**SAMPLE, **more, "TargetAzureServicePrincipalClientKey": text}
    assert mistakes_of(single) == [("TargetAzureServicePrincipalClientKey", wrong)]
    field = "ReplicationTargets[0].clientSecretSetting"
    assert mistakes_of(listed(target(), **more, ChinaSecret=text)) == [(field, f"names a setting that {wrong}")]


@given(st.text())
def test_any_text_is_a_secret_or_a_mistake_that_does_not_tell_it(text: str) -> None:
    try:
        found = held_in({"Setting": text}, "Setting")
    except ValueError as error:
        assert text.startswith("https://") and str(error) in (NO_URI, NO_KNOWN_VAULT)
    else:
        assert found == Secret(text)


def test_every_secret_may_be_in_a_vault_and_a_token_may_have_two_passwords() -> None:
    certificate = {**NO_SECRET, "name": "b", "clientCertificateSetting": "C", "clientCertificatePasswordSetting": "P"}
    certificate |= {"registry": SAMPLE["TargetACRResourceId"] + "b"}
    own: dict[str, Any] = {"sourceTokenName": "cn", "sourceTokenPasswordSetting": "P1", "sourceTokenPassword2Setting": "P2"}
    uris = {name: f"{URI}-{name}" for name in ("ChinaSecret", "C", "P", "P1")}
    values = listed(target(**own), certificate, **uris, P2=PULL_PASSWORD)
    settings = Settings.parse({**values, "SourceACRPullTokenPassword": URI, "SourceACRPullTokenPassword2": PULL_PASSWORD})
    assert settings.source.token == SourceToken(
        name="replication-pull",
        password=named(),
        setting="SourceACRPullTokenPassword",
        second=Secret(PULL_PASSWORD),
        second_setting="SourceACRPullTokenPassword2",
    )
    assert [setting for setting, _ in settings.source.token.slots] == ["SourceACRPullTokenPassword", "SourceACRPullTokenPassword2"]
    china, other = settings.targets.values()
    assert china.credential == ClientSecret(setting="ChinaSecret", secret=named(name="pull-ChinaSecret"))
    assert "the secret pull-ChinaSecret of contoso-kv.vault.azure.net, which the setting ChinaSecret names" in china.credential.origin
    assert china.source_token is not None
    assert china.source_token.slots == (("P1", named(name="pull-P1")), ("P2", Secret(PULL_PASSWORD)))
    assert other.credential == ClientCertificate(setting="C", pem=named(name="pull-C"), password_setting="P", password=named(name="pull-P"))


def test_one_password_is_one_slot() -> None:
    settings = Settings.parse(SAMPLE)
    assert settings.source.token.slots == (("SourceACRPullTokenPassword", Secret(PULL_PASSWORD)),)
    assert settings.source.vault_client_id is None


@pytest.mark.parametrize(
    "setting, value, wrong",
    [
        ("SourceVaultIdentity", CLIENT_SECRET, "is neither 'system' nor the client id of a managed identity"),
        ("SourceVaultAudience", "http://vault.example", "is not https:// and the domain of a cloud's key vaults"),
        ("SourceVaultAudience", "https://vault.example/path", "is not https:// and the domain of a cloud's key vaults"),
        ("SourceVaultAudience", CLIENT_SECRET, "is not https:// and the domain of a cloud's key vaults"),
    ],
)
def test_a_mistake_of_how_vaults_are_read(setting: str, value: str, wrong: str) -> None:
    assert mistakes_of({**SAMPLE, setting: value}) == [(setting, wrong)]


def test_a_user_assigned_identity_may_read_vaults() -> None:
    assert Settings.parse({**SAMPLE, "SourceVaultIdentity": GUID}).source.vault_client_id == GUID
    assert Settings.parse({**SAMPLE, "SourceVaultIdentity": "system"}).source.vault_client_id is None
