"""A local cloud's key vault as azure-keyvault-secrets takes it: its challenge, its versions, its refusals."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import Cloud, MakeClouds
from tests.devkit.cloud.test_cloud_vault import OFFICER, PULL, READER, with_vault


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with with_vault(MakeClouds(tmp_path_factory.mktemp("vault-sdk"), tls), "vaulted-sdk").serving("canary") as made:
        yield made


def client(cloud: Cloud, tls: TlsFiles, who: str = OFFICER, secret: str | None = None, **options: object) -> SecretClient:
    """`localhost` is not below the vaults' domain, which the client would have it be."""
    trust = {"connection_verify": str(tls.ca)}
    known = {one["clientId"]: one["clientSecret"] for one in cloud.config["principals"]}
    credential = ClientSecretCredential(
        cloud.config["tenantId"],
        who,
        secret or known[who],
        authority=cloud.url("entra"),
        disable_instance_discovery=True,
        transport=RequestsTransport(**trust),
    )
    given = {"verify_challenge_resource": False, "retry_total": 0, **options}
    return SecretClient(cloud.url("vault"), credential, transport=RequestsTransport(**trust), **given)


def test_it_answers_the_challenge_once_and_reads_on(cloud: Cloud, tls: TlsFiles) -> None:
    before = len(cloud.control("GET", "requests"))
    with client(cloud, tls) as vault:
        assert [vault.get_secret("pull-token").value for _ in range(3)] == [PULL] * 3
    asked = [one["status"] for one in cloud.control("GET", "requests")[before:] if one["service"] == "vault"]
    assert asked == [401, 200, 200, 200]


def test_a_rotation_is_a_version_and_the_old_one_stays(cloud: Cloud, tls: TlsFiles) -> None:
    with client(cloud, tls) as vault:
        first = vault.set_secret("sdk-rotated", "canary~one", content_type="text/plain")
        second = vault.set_secret("sdk-rotated", "canary~two")
        assert vault.get_secret("sdk-rotated").value == "canary~two"
        assert vault.get_secret("sdk-rotated", first.properties.version).value == "canary~one"
        listed = [one.version for one in vault.list_properties_of_secret_versions("sdk-rotated")]
        assert listed == [first.properties.version, second.properties.version]


def test_its_refusals_are_the_clients_own_exceptions(cloud: Cloud, tls: TlsFiles) -> None:
    with client(cloud, tls) as vault:
        with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
            vault.get_secret("never")
        stopped = vault.set_secret("sdk-stopped", "canary~three")
        vault.update_secret_properties("sdk-stopped", stopped.properties.version, enabled=False)
        with pytest.raises(HttpResponseError, match="disabled secret") as refused:
            vault.get_secret("sdk-stopped")
        assert refused.value.status_code == 403
    with client(cloud, tls, READER) as vault, pytest.raises(HttpResponseError, match="not authorized to perform action"):
        vault.get_secret("pull-token")
    with client(cloud, tls, secret="canary~Wrong") as vault, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        vault.get_secret("pull-token")


def test_it_takes_no_vault_for_one_of_azures_that_is_not(cloud: Cloud, tls: TlsFiles) -> None:
    with client(cloud, tls, verify_challenge_resource=True) as vault, pytest.raises(ValueError, match="does not match"):
        vault.get_secret("pull-token")
