"""Secrets that are read from a key vault: when, by whom, for how long, and what an operator is told when they cannot be."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from devkit.local import faults
from devkit.tls import TlsFiles
from registries import heldsecrets
from registries.heldsecrets import HeldSecrets
from replication.failures import Code, Failure, Kind, Refused
from replication.secret import UNRESOLVED, Secret
from replication.targets import DIRECT, Egress
from replication.vaultsecret import SecretSource
from tests.devkit.cloud.running import ARM_AUDIENCE, Cloud, MakeClouds
from tests.unit.registries.live import asked_of, check_refusal
from tests.unit.registries.scripted import Reply, answer, page, scripted
from tests.unit.registries.vaulted import HEADER, POWERLESS, SYSTEM, VAULT_AUDIENCE, app_service, kept_in, vaulted

PULL = "canary~Pull7Q.password"
DOING, SETTING = "get a pull token", "SourceACRPullTokenPassword"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with vaulted(MakeClouds(tmp_path_factory.mktemp("held"), tls), pull=PULL, turned=PULL, off=PULL, gone=PULL) as made:
        yield made


@pytest.fixture(autouse=True)
def identities(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    app_service(cloud, monkeypatch)


@asynccontextmanager
async def reading(client_id: str | None = None, egress: Egress = DIRECT) -> AsyncIterator[HeldSecrets]:
    secrets = HeldSecrets(client_id, egress)
    try:
        yield secrets
    finally:
        await secrets.close()


def reads(cloud: Cloud, name: str) -> list[int]:
    """The statuses: but for the first request of all, which has no token, and brings the challenge."""
    return [one["status"] for one in asked_of(cloud, f"/secrets/{name}/", service="vault") if one["status"] != 401]


async def refusal(secrets: HeldSecrets, source: SecretSource, kind: Kind, code: Code) -> Failure:
    with pytest.raises(Refused) as refused:
        await secrets.value(source, SETTING, DOING)
    return check_refusal(refused, kind, code, PULL, HEADER, "canary")


async def test_a_setting_that_holds_its_secret_asks_nobody(cloud: Cloud) -> None:
    before = len(cloud.control("GET", "requests"))
    async with reading() as secrets:
        assert await secrets.value(Secret(PULL), SETTING, DOING) == Secret(PULL)
        assert await secrets.renewed(Secret(PULL), Secret(PULL)) is None
    assert len(cloud.control("GET", "requests")) == before


async def test_a_reference_that_was_not_resolved_is_told_with_both_ways_out() -> None:
    async with reading() as secrets:
        failure = await refusal(secrets, Secret(f"{UNRESOLVED}SecretUri=canary)"), "denied", "secret_unresolved")
    assert failure.said == f"the setting {SETTING} holds a Key Vault reference that was not resolved"
    assert "restart the app" in failure.hint and "by its URI" in failure.hint


@pytest.mark.parametrize("own_authority", [False, True])
async def test_a_secret_is_read_once_for_all_who_ask_at_once_and_then_kept(cloud: Cloud, tls: TlsFiles, own_authority: bool) -> None:
    before, source = len(reads(cloud, "pull")), kept_in(cloud, "pull")
    async with reading(egress=Egress(ca_file=str(tls.ca)) if own_authority else DIRECT) as secrets:
        found = await asyncio.gather(*(secrets.value(source, SETTING, DOING) for _ in range(20)))
        assert found == [Secret(PULL)] * 20
        assert await secrets.value(source, SETTING, DOING) == Secret(PULL)
    assert reads(cloud, "pull")[before:] == [200]


async def test_a_new_version_counts_as_soon_as_the_old_value_is_refused(cloud: Cloud) -> None:
    source = kept_in(cloud, "turned")
    async with reading() as secrets:
        old = await secrets.value(source, SETTING, DOING)
        assert await secrets.renewed(source, old) is None  # it is still the same
        cloud.controls.set_vault_secret("turned", "canary~Turned7Q")
        assert await secrets.value(source, SETTING, DOING) == old
        before = len(reads(cloud, "turned"))
        found = await asyncio.gather(*(secrets.renewed(source, old) for _ in range(5)))
        assert found == [Secret("canary~Turned7Q")] * 5
        assert await secrets.value(source, SETTING, DOING) == Secret("canary~Turned7Q")
    assert reads(cloud, "turned")[before:] == [200]


async def test_a_new_version_is_known_before_five_minutes_have_passed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert heldsecrets.KEPT < 300
    monkeypatch.setattr(heldsecrets, "KEPT", 0.0)
    source = kept_in(cloud, "pull")
    async with reading() as secrets:
        assert await secrets.value(source, SETTING, DOING) == Secret(PULL)
        cloud.controls.set_vault_secret("pull", "canary~Second7Q")
        assert await secrets.value(source, SETTING, DOING) == Secret("canary~Second7Q")
        cloud.controls.set_vault_secret("pull", PULL)


async def test_a_version_that_is_named_stays(cloud: Cloud) -> None:
    (version,) = [one["version"] for one in cloud.controls.vault() if one["name"] == "turned"]
    cloud.controls.set_vault_secret("turned", "canary~Third7Q")
    async with reading() as secrets:
        old = await secrets.value(kept_in(cloud, "turned", version), SETTING, DOING)
        assert old != await secrets.value(kept_in(cloud, "turned"), SETTING, DOING)


async def test_while_the_vault_does_not_answer_the_last_value_is_used(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldsecrets, "KEPT", 0.0)
    source, control = kept_in(cloud, "pull"), cloud.controls
    async with reading() as secrets:
        value = await secrets.value(source, SETTING, DOING)
        rule = control.impose(faults.status(503), on={"service": "vault"})
        try:
            before = len(reads(cloud, "pull"))
            for _ in range(3):
                assert await secrets.value(source, SETTING, DOING) == value
            assert len(reads(cloud, "pull")) - before == 1  # and it is left in peace for a while
            assert await secrets.renewed(source, value) is None
            async with reading() as others:
                await refusal(others, source, "transient", "unreachable")
        finally:
            control.lift(rule)


async def test_an_identity_whose_tokens_were_revoked_gets_another_one(cloud: Cloud) -> None:
    async with reading() as secrets:
        assert await secrets.value(kept_in(cloud, "pull"), SETTING, DOING)
        cloud.controls.revoke(SYSTEM)
        assert await secrets.value(kept_in(cloud, "turned"), SETTING, DOING)


async def test_a_secret_that_is_not_there_or_disabled_is_told(cloud: Cloud) -> None:
    cloud.controls.set_vault_secret("off", enabled=False)
    cloud.controls.delete_vault_secret("gone")
    async with reading() as secrets:
        for name, command in (("off", "set-attributes"), ("gone", "az keyvault secret recover"), ("never", "az keyvault secret set")):
            failure = await refusal(secrets, kept_in(cloud, name), "denied", "secret_missing")
            assert failure.doing == f"read the secret {name} of localhost:{cloud.config['ports']['vault']}"
            assert command in failure.hint and f"--name {name}" in failure.hint


async def test_who_may_not_read_is_told_whom_to_let(cloud: Cloud) -> None:
    async with reading(POWERLESS) as secrets:
        failure = await refusal(secrets, kept_in(cloud, "pull"), "denied", "vault_denied")
    assert f"Let the managed identity {POWERLESS} read that vault" in failure.hint
    unknown = POWERLESS.replace("0032", "0099")
    async with reading(unknown) as secrets:
        failure = await refusal(secrets, kept_in(cloud, "pull"), "denied", "vault_denied")
    assert failure.doing == f"get a token of the managed identity {unknown}" and "SourceVaultIdentity" in failure.hint


async def test_the_token_is_for_vaults_whatever_the_challenge_asks_for(cloud: Cloud, tls: TlsFiles) -> None:
    """Else whoever stands in the vault's place would be given the app's token for ARM."""
    challenge = f'Bearer authorization="{cloud.url("entra")}/{cloud.config["tenantId"]}", resource="{ARM_AUDIENCE}"'
    async with scripted(tls, page(401, WWW_Authenticate=challenge), answer({"value": "canary"})) as evil, reading() as secrets:
        source = kept_in(cloud, "pull")
        elsewhere = type(source)(vault=evil.host, name="pull", version=None, audience=source.audience)
        await secrets.value(elsewhere, SETTING, DOING)
    token = evil.asked[1].headers["Authorization"].removeprefix("Bearer ")
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["aud"] == VAULT_AUDIENCE


FORBIDDEN: dict[str, Any] = {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByFirewall"}}
FIREWALL = {**FORBIDDEN, "message": "Client address is not authorized.\r\nClient address: 203.0.113.9\r\nVault: contoso-kv"}


@pytest.mark.parametrize(
    "reply, kind, code, hint",
    [
        (answer({"error": FIREWALL}, 403), "denied", "network_denied", "--ip-address 203.0.113.9"),
        (answer({"error": FORBIDDEN}, 403), "denied", "network_denied", "<its address>"),
        (page(403), "denied", "network_denied", "let the app pass what stands between"),
        (answer({"error": {"code": "Throttled", "message": "later"}}, 429, Retry_After="9"), "throttled", "throttled", "is tried again"),
        (page(404), "transient", "not_understood", "or something that stands before it"),
        (page(307, Location="https://evil.example/"), "transient", "not_understood", "or something that stands before it"),
        (answer({"value": ""}), "transient", "not_understood", "or something that stands before it"),
        (answer({"value": ["canary"]}), "transient", "not_understood", "or something that stands before it"),
        (page(200), "transient", "not_understood", "or something that stands before it"),
        (answer({"error": 7}, 403), "denied", "network_denied", "let the app pass what stands between"),
        (page(503), "transient", "unreachable", "service health"),
    ],
)
async def test_whatever_stands_in_the_vaults_place_is_told_as_what_it_is(
    cloud: Cloud, tls: TlsFiles, reply: Reply, kind: Kind, code: Code, hint: str
) -> None:
    challenge = f'Bearer authorization="{cloud.url("entra")}/tenant", resource="https://vault.azure.net"'
    async with scripted(tls, page(401, WWW_Authenticate=challenge), reply) as server, reading() as secrets:
        source = kept_in(cloud, "pull")
        elsewhere = type(source)(vault=server.host, name="pull", version=None, audience=source.audience)
        failure = await refusal(secrets, elsewhere, kind, code)
    assert hint in failure.hint
    assert (failure.retry_after == 9) == (code == "throttled")
    assert "Authorization" not in server.asked[0].headers and server.asked[1].headers["Authorization"].startswith("Bearer eyJ")
