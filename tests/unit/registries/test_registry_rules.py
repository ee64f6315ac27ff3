"""The app's clients at registries that are set up against them: locked, limited, with a password that has ended or another audience."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from devkit.local.control import CloudControl
from registries.manifests import Manifest
from replication.failures import Refused
from replication.references import Digest, Repository, Tag
from tests.devkit.cloud.running import OCI_MANIFEST, Cloud, Clouds
from tests.unit.registries.live import check_refusal, source_client, source_of, target_client, target_of

V1 = Tag("v1")


@pytest.fixture
def control(clouds: Clouds) -> Iterator[Callable[[Cloud], CloudControl]]:
    """Of either cloud; what a test sets is as it was afterwards."""

    def of(cloud: Cloud) -> CloudControl:
        return cloud.controls

    yield of
    for cloud in (clouds.source, clouds.target):
        of(cloud).set_registry(rateLimits=None, policies={"armTokens": True})


def lock(cloud: Cloud, path: str, **attributes: bool) -> None:
    assert cloud.registry("PATCH", f"/acr/v1/{path}", body=json.dumps(attributes).encode()).status == 200


async def test_what_is_locked_is_told_as_locked(clouds: Clouds) -> None:
    app, target = Repository("rules/locked"), clouds.target
    held, other = (Digest.parse(target.push_image("rules/locked", tag, layer=tag.encode())) for tag in ("v1", "v2"))
    content = target.registry("GET", f"/v2/rules/locked/manifests/{other}").body
    lock(target, "rules/locked/_tags/v1", writeEnabled=False)
    lock(target, f"rules/locked/_manifests/{held}", deleteEnabled=False)
    async with target_client(target_of(target)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.put_manifest(app, V1, Manifest.parse(content, OCI_MANIFEST))
        check_refusal(refused, "conflict", "locked")
        with pytest.raises(Refused) as refused:
            await registry.delete_manifest(app, held)
        assert "az acr repository update" in check_refusal(refused, "conflict", "locked").hint
        assert await registry.resolve(app, V1) == held


async def test_a_limit_is_told_with_when_to_come_again(clouds: Clouds, control: Callable[[Cloud], CloudControl]) -> None:
    clouds.source.push_image("rules/limited", "v1")
    async with source_client(source_of(clouds.source)) as (registry, _):
        assert await registry.resolve(Repository("rules/limited"), V1) is not None
        control(clouds.source).set_registry(rateLimits={"read": {"identity": 0}})
        with pytest.raises(Refused) as refused:
            await registry.resolve(Repository("rules/limited"), V1)
    pause = check_refusal(refused, "throttled", "throttled").retry_after
    assert pause is not None
    assert 0 < pause <= 60


async def test_a_password_that_has_ended_is_told_and_the_other_slot_goes_on(
    clouds: Clouds, control: Callable[[Cloud], CloudControl]
) -> None:
    cloud, ended, next_one = clouds.source, "canary~Ended8Q.password", "canary~Next8Q.password"
    cloud.push_image("rules/ended", "v1")
    control(cloud).set_password("pull", "password2", ended, expires_in_seconds=0)
    try:
        async with source_client(source_of(cloud, password=ended)) as (registry, _):
            with pytest.raises(Refused) as refused:
                await registry.resolve(Repository("rules/ended"), V1)
        check_refusal(refused, "denied", "source_denied", ended)
        control(cloud).set_password("pull", "password2", next_one, expires_in_seconds=3600)
        async with source_client(source_of(cloud, password=next_one)) as (registry, _):
            assert await registry.resolve(Repository("rules/ended"), V1) is not None
    finally:
        control(cloud).remove_password("pull", "password2")


async def test_a_registry_that_wants_the_other_audience_is_told(clouds: Clouds, control: Callable[[Cloud], CloudControl]) -> None:
    control(clouds.target).set_registry(policies={"armTokens": False})
    target = target_of(clouds.target)
    by_arm = replace(target, cloud=replace(target.cloud, acr_audience=target.cloud.arm_audience))
    async with target_client(by_arm) as (_, tokens):
        with pytest.raises(Refused) as refused:
            await tokens.refresh_token()
    assert "acrAudience" in check_refusal(refused, "denied", "target_denied").hint
    async with target_client(target) as (_, tokens):
        assert (await tokens.refresh_token()).valid_for > 0
