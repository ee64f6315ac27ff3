"""The source listed by a managed identity: what the pull token is not to tell."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from registries.listing import listing_registry
from registries.registry import Registry
from registries.wire import Wire
from replication.failures import Code, Failure, Kind, Refused
from replication.references import Digest, Repository, Tag
from replication.targets import Listing
from tests.devkit.cloud.running import ACR_AUDIENCE, RIGHTS, Cloud, MakeClouds
from tests.unit.registries.live import check_refusal, source_client, source_of

SYSTEM, USER, POWERLESS = (f"6f1e2d3c-0000-4000-8000-00000000001{place}" for place in (1, 2, 3))
HEADER = "canary-identity-header"
APP = Repository("listing/app")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    cloud = MakeClouds(tmp_path_factory.mktemp("listing"), tls)("listing")
    cloud.config["ports"]["identity"] = free_ports(1)[0]
    may = [f"{RIGHTS}/read", f"{RIGHTS}/pull/read"]
    identities = [
        {"clientId": SYSTEM, "assigned": "system", "actions": may},
        {"clientId": USER, "actions": may},
        {"clientId": POWERLESS, "actions": []},
    ]
    cloud.config["managedIdentity"] = {"header": HEADER, "identities": identities}
    with cloud.serving(HEADER) as made:
        yield made


@pytest.fixture(autouse=True)
def app_service(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy for everything that is not told otherwise: the identity's endpoint is not asked through it."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{cloud.config['ports']['identity']}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("no_proxy", "localhost")


@asynccontextmanager
async def listed(cloud: Cloud, client_id: str | None, audience: str = ACR_AUDIENCE) -> AsyncIterator[Registry]:
    wire = Wire(cloud.login_server)
    registry = listing_registry(source_of(cloud), Listing(client_id=client_id, audience=audience), wire)
    try:
        yield registry
    finally:
        await wire.close()


@pytest.mark.parametrize("client_id", [None, USER])
async def test_an_identity_tells_the_tags_that_the_pull_token_does_not(cloud: Cloud, client_id: str | None) -> None:
    digest = Digest.parse(cloud.push_image(str(APP), "v1"))
    cloud.push_image(str(APP), "v2")
    async with source_client(source_of(cloud)) as (pulling, _):
        with pytest.raises(Refused) as refused:
            await pulling.lists.tags_of(APP, digest)
        check_refusal(refused, "conflict", "source_right_missing")
    async with listed(cloud, client_id) as registry:
        assert await registry.lists.tags_of(APP, digest) == {Tag("v1"), Tag("v2")}


async def refusal(cloud: Cloud, client_id: str | None, kind: Kind = "denied", code: Code = "source_denied") -> Failure:
    async with listed(cloud, client_id) as registry:
        with pytest.raises(Refused) as refused:
            await registry.lists.tags_of(APP, Digest("0" * 64))
    failure = check_refusal(refused, kind, code, HEADER)
    assert "SourceListingIdentity" in failure.hint
    return failure


async def test_an_identity_that_may_not_list_is_told(cloud: Cloud) -> None:
    cloud.push_image(str(APP), "v1")
    failure = await refusal(cloud, POWERLESS, "conflict", "source_right_missing")
    assert "Microsoft.ContainerRegistry/registries/repositories/metadata/read" in failure.hint


async def test_an_identity_that_the_app_has_not_is_told(cloud: Cloud) -> None:
    unknown = SYSTEM.replace("0011", "0099")
    assert f"the managed identity {unknown}" in (await refusal(cloud, unknown)).doing


async def test_an_app_without_identities_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "canary-of-another")
    await refusal(cloud, None)


async def test_an_endpoint_that_is_not_there_is_unreachable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{free_ports(1)[0]}/msi/token")
    async with listed(cloud, None) as registry:
        with pytest.raises(Refused) as refused:
            await registry.lists.tags_of(APP, Digest("0" * 64))
    check_refusal(refused, "transient", "unreachable")
