"""Who signs in to a target, by what way its requests go, what else it has of its own; and mistakes, each in its place."""

from typing import Any

import pytest

from replication.clouds import CLOUDS
from replication.credential import ClientCertificate, FederatedToken
from replication.limits import Limits
from replication.secret import UNRESOLVED, Secret
from replication.settings import Settings
from replication.targets import DIRECT, Egress, SourceToken
from tests.unit.replication.settings_values import CLIENT_SECRET, SAMPLE, listed, target
from tests.unit.replication.test_settings import mistakes_of
from tests.unit.replication.test_targetlist import only

PEM = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
NO_SECRET = {name: value for name, value in target().items() if name != "clientSecretSetting"}
CERTIFICATE = {**NO_SECRET, "clientCertificateSetting": "ChinaCertificate"}


@pytest.mark.parametrize("pem", [PEM, f"{UNRESOLVED}SecretUri=x)"], ids=["pem", "reference"])
def test_a_certificate_comes_from_a_setting_of_its_own(pem: str) -> None:
    given = {**CERTIFICATE, "clientCertificatePasswordSetting": "Password", "sendCertificateChain": True}
    (one,) = Settings.parse(listed(given, ChinaCertificate=pem, Password="opens")).targets.values()
    assert one.credential == ClientCertificate(
        setting="ChinaCertificate", pem=Secret(pem), password_setting="Password", password=Secret("opens"), send_chain=True
    )
    (plain,) = Settings.parse(listed(CERTIFICATE, ChinaCertificate=pem)).targets.values()
    assert plain.credential == ClientCertificate(setting="ChinaCertificate", pem=Secret(pem))


def test_a_federated_token_is_a_file() -> None:
    (one,) = Settings.parse(listed({**NO_SECRET, "federatedTokenFile": "/var/run/tokens/azure"})).targets.values()
    assert one.credential == FederatedToken(file="/var/run/tokens/azure")


def test_what_a_target_has_of_its_own() -> None:
    own = {"acrAudience": "https://containerregistry.azure.net/", "caFile": "/etc/ca.pem", "proxy": "http://proxy.example:3128"}
    limits = {"limits": {"patience": 0, "importDeadline": 7200}}
    values = listed(
        target(**own, **limits, sourceTokenName="cn", sourceTokenPasswordSetting="Pull"),
        target(name="b", registry=SAMPLE["TargetACRResourceId"] + "b"),
        Pull="pw",
    )
    china, other = Settings.parse(values).targets.values()
    assert china.cloud.acr_audience == "https://containerregistry.azure.net"
    assert china.cloud.authority == CLOUDS["china"].authority
    assert (china.egress, other.egress) == (Egress(ca_file="/etc/ca.pem", proxy="http://proxy.example:3128"), DIRECT)
    assert (china.source_token, other.source_token) == (SourceToken(name="cn", password=Secret("pw"), setting="Pull"), None)
    settings = Settings.parse({**values, "ReplicationPatience": "9", "ReplicationSettle": "5"})
    assert settings.limits_of("china") == Limits(patience=0, import_deadline=7200, settle=5)
    assert settings.limits_of("b") == settings.limits == Limits(patience=9, settle=5)


def test_the_source_has_its_own_way_out() -> None:
    assert Settings.parse(SAMPLE).source.egress == DIRECT
    egress = Settings.parse({**SAMPLE, "SourceCAFile": "/ca.pem", "SourceProxy": "https://proxy.example"}).source.egress
    assert egress == Egress(ca_file="/ca.pem", proxy="https://proxy.example")


NOT_A_PROXY = "is not the plain URL of a proxy (http or https, a host, maybe a port; no credentials)"
BESIDE = "is set beside clientSecretSetting: a target has one credential"
WITHOUT = "is set without clientCertificateSetting"
GONE = "names a setting that is missing or empty"
A_SECRET = "must be the name of a setting, not the secret itself"
NO_PEM = "names a setting that holds no PEM of a certificate with its private key"
NO_LIMIT = "is not a number of seconds from 0 to 86400"
NOT_A_FILE = "is not the absolute path of a file"


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "socks5://proxy", "http://me:secret@proxy", "http://proxy/path", "http://proxy?x=1", "", 7]
)
def test_a_proxy_is_a_plain_url_without_credentials(proxy: object) -> None:
    assert mistakes_of(listed(target(proxy=proxy))) == [("ReplicationTargets[0].proxy", NOT_A_PROXY)]
    if isinstance(proxy, str) and proxy:
        assert mistakes_of({**SAMPLE, "SourceProxy": proxy}) == [("SourceProxy", NOT_A_PROXY)]


@pytest.mark.parametrize("path", ["ca.pem", "./ca.pem", "/", "/etc//ca.pem", "/etc/ca.pem\n", "/" + "a" * 1024, "", 7, []])
def test_a_file_is_named_by_its_absolute_path(path: object) -> None:
    assert mistakes_of(listed(target(caFile=path))) == [("ReplicationTargets[0].caFile", NOT_A_FILE)]
    if isinstance(path, str) and path:
        assert mistakes_of({**SAMPLE, "SourceCAFile": path}) == [("SourceCAFile", NOT_A_FILE)]


@pytest.mark.parametrize(
    "entry, field, wrong",
    [
        (NO_SECRET, "clientSecretSetting", "is missing"),
        ({**NO_SECRET, "clientCertificateSetting": ""}, "clientCertificateSetting", "is missing"),
        ({**NO_SECRET, "federatedTokenFile": None}, "federatedTokenFile", "is missing"),

        ({**CERTIFICATE, "clientSecretSetting": "ChinaSecret"}, "clientCertificateSetting", BESIDE),
        ({**target(), "federatedTokenFile": "/f"}, "federatedTokenFile", BESIDE),
        ({**target(), "sendCertificateChain": True}, "sendCertificateChain", WITHOUT),
        ({**target(), "clientCertificatePasswordSetting": "P"}, "clientCertificatePasswordSetting", WITHOUT),
        ({**CERTIFICATE, "sendCertificateChain": "yes"}, "sendCertificateChain", "is neither true nor false"),
        ({**CERTIFICATE, "clientCertificatePasswordSetting": "Gone"}, "clientCertificatePasswordSetting", GONE),
        ({**NO_SECRET, "clientCertificateSetting": "Gone"}, "clientCertificateSetting", GONE),
        ({**NO_SECRET, "clientCertificateSetting": PEM}, "clientCertificateSetting", A_SECRET),
        ({**NO_SECRET, "clientCertificateSetting": "ChinaSecret"}, "clientCertificateSetting", NO_PEM),
        ({**NO_SECRET, "federatedTokenFile": "token"}, "federatedTokenFile", NOT_A_FILE),
        ({**target(), "sourceTokenName": "cn"}, "sourceTokenPasswordSetting", "is missing"),
        ({**target(), "sourceTokenPasswordSetting": "ChinaSecret"}, "sourceTokenName", "is missing"),
        ({**target(), "acrAudience": "containerregistry"}, "acrAudience", "is not valid"),
        ({**target(), "acrAudience": 7}, "acrAudience", "is not valid"),
        ({**target(), "limits": []}, "limits", "is not an object"),
        ({**target(), "limits": {"deleteDelay": 5}}, "limits.deleteDelay", "is not known"),
        ({**target(), "limits": {"patience": 86_401}}, "limits.patience", NO_LIMIT),
        ({**target(), "limits": {"patience": True}}, "limits.patience", NO_LIMIT),
        ({**target(), "limits": {"patience": "60"}}, "limits.patience", NO_LIMIT),
        ({**target(), "limits": {"patience": None}}, "limits.patience", NO_LIMIT),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_its_place(entry: dict[str, Any], field: str, wrong: str) -> None:
    assert mistakes_of(listed(entry, ChinaCertificate=PEM)) == [(f"ReplicationTargets[0].{field}", wrong)]


def test_no_secret_is_shown_with_a_target() -> None:
    shown = repr(only(sourceTokenName="cn", sourceTokenPasswordSetting="ChinaSecret"))
    assert "ChinaSecret" in shown and CLIENT_SECRET not in shown
