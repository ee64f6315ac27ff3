"""Codes of who may not, who does not answer, and what the settings have wrong."""

from dataclasses import replace
from pathlib import Path

from devkit.local import faults
from registries.connections import Connections
from registries.credentials import EntraCredential
from replication.failures import Failure
from replication.limits import Limits
from replication.references import Digest, Repository, Tag
from replication.secret import UNRESOLVED, Secret
from replication.settings import Settings
from replication.storesetting import SqliteFile
from replication.targets import RegistryId, Target
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.running import ARM_AUDIENCE, Clouds
from tests.unit.registries.live import ABSENT, imports_client, source_client, source_of, target_client, target_of
from tests.unit.registries.provoking import provokes, refusal_of

APP, V1 = Repository("provoked/access"), Tag("v1")
GUID = "6f1e2d3c-0000-4000-8000-000000000009"
WRONG = "canary~Wrong8Q.secret"
ACTIONS = "Microsoft.ContainerRegistry/registries"


async def sign_in(target: Target, audience: str = ARM_AUDIENCE) -> Failure:
    credential = EntraCredential(target)
    return await refusal_of(credential.token(audience))


@provokes("throttled", "throttled", "raise the registry's tier")
async def throttled(clouds: Clouds) -> Failure:
    with behaving(clouds.source) as control:
        control.impose(faults.status(429, retry_after=7), on=faults.registry("HEAD"))
        async with source_client(source_of(clouds.source)) as (registry, _):
            failure = await refusal_of(registry.resolve(APP, V1))
    assert failure.retry_after == 7
    return failure


@provokes("unreachable", "transient", "does a firewall stand between")
async def unreachable(clouds: Clouds) -> Failure:
    with behaving(clouds.target) as control:
        control.down()
        async with target_client(target_of(clouds.target)) as (registry, _):
            return await refusal_of(registry.resolve(APP, V1))


@provokes("not_understood", "transient", "or something that stands before it")
async def not_understood(clouds: Clouds) -> Failure:
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    with behaving(clouds.source) as control:
        control.impose(faults.truncated(5), on=faults.registry("GET", faults.manifests(str(APP))))
        async with source_client(source_of(clouds.source)) as (registry, _):
            return await refusal_of(registry.manifest(APP, digest))


@provokes("absence_unproven", "transient", "see what stands between the app and it")
async def absence_unproven(clouds: Clouds) -> Failure:
    with behaving(clouds.source) as control:
        control.impose(faults.proxy_page(404), on=faults.registry("GET|HEAD", faults.manifests(str(APP))))
        async with source_client(source_of(clouds.source)) as (registry, _):
            return await refusal_of(registry.resolve_with_proof(APP, V1))


@provokes("network_denied", "denied", "az acr network-rule add --name contosotarget --ip-address 198.51.100.7")
async def network_denied(clouds: Clouds) -> Failure:
    with behaving(clouds.target) as control:
        control.impose(faults.firewall("198.51.100.7"), on=faults.registry())
        async with target_client(target_of(clouds.target)) as (registry, _):
            return await refusal_of(registry.resolve(APP, V1))


@provokes("source_denied", "denied", "az acr token show --registry contososource --name pull")
async def source_denied(clouds: Clouds) -> Failure:
    async with source_client(source_of(clouds.source, password=WRONG)) as (registry, _):
        return await refusal_of(registry.resolve(APP, V1))


@provokes("source_right_missing", "conflict", "--add-repository provoked/access metadata/read")
async def source_right_missing(clouds: Clouds) -> Failure:
    async with source_client(source_of(clouds.source)) as (registry, _):
        return await refusal_of(registry.lists.tags_of(APP, ABSENT))


@provokes("credential_wrong", "denied", "value (not its id) into the setting ChinaClientSecret")
async def credential_wrong(clouds: Clouds) -> Failure:
    return await sign_in(target_of(clouds.target, secret=Secret(WRONG)))


@provokes("credential_expired", "denied", "put it into the setting ChinaClientSecret")
async def credential_expired(clouds: Clouds) -> Failure:
    target, control = target_of(clouds.target, secret=Secret("canary~Ended8Q.secret")), clouds.target.controls
    control.set_secret(target.client_id, "ended", "canary~Ended8Q.secret", expires_in_seconds=0)
    try:
        return await sign_in(target)
    finally:
        control.remove_secret(target.client_id, "ended")


@provokes("tenant_wrong", "denied", "check clientId and tenantId")
async def tenant_wrong(clouds: Clouds) -> Failure:
    return await sign_in(target_of(clouds.target, client_id=GUID))


@provokes("audience_wrong", "denied", "check the audiences of the target's cloud (acrAudience)")
async def audience_wrong(clouds: Clouds) -> Failure:
    return await sign_in(target_of(clouds.target), "https://elsewhere.example")


@provokes("entra_denied", "denied", "--set accountEnabled=true")
async def entra_denied(clouds: Clouds) -> Failure:
    target, control = target_of(clouds.target, principal=1), clouds.target.controls
    control.disable(target.client_id)
    try:
        return await sign_in(target)
    finally:
        control.disable(target.client_id, False)


@provokes("arm_denied", "denied", f"with {ACTIONS}/importImage/action: az role assignment create")
async def arm_denied(clouds: Clouds) -> Failure:
    async with imports_client(target_of(clouds.target, principal=1), source_of(clouds.source)) as imports:
        return await refusal_of(imports.begin(APP, ABSENT))


@provokes("target_denied", "denied", "correct the target's acrAudience")
async def target_denied(clouds: Clouds) -> Failure:
    """One of another tenant."""
    async with target_client(target_of(clouds.source, login_server=clouds.target.login_server)) as (registry, _):
        return await refusal_of(registry.resolve(APP, V1))


@provokes("target_right_missing", "conflict", f"contosotarget lacks {ACTIONS}/artifacts/delete (with ABAC permissions the data action")
async def target_right_missing(clouds: Clouds) -> Failure:
    digest = Digest.parse(clouds.target.push_image(str(APP), "v1"))
    async with target_client(target_of(clouds.target, principal=1)) as (registry, _):
        return await refusal_of(registry.delete_manifest(APP, digest))


@provokes("secret_unresolved", "denied", "Key Vault Secrets User")
async def secret_unresolved(clouds: Clouds) -> Failure:
    return await sign_in(target_of(clouds.target, secret=Secret(f"{UNRESOLVED}SecretUri=x)")))


@provokes("settings_invalid", "denied", "Put the target back into ReplicationTargets")
async def settings_invalid(clouds: Clouds) -> Failure:
    target = target_of(clouds.target)
    here = Connections(Settings(source_of(clouds.source), {"china": target}, Limits(), SqliteFile(Path("/not-asked"))))

    async def ask() -> None:
        here.target("usgov")

    try:
        return await refusal_of(ask())
    finally:
        await here.close()


@provokes("registry_not_found", "denied", "without registries/read ARM answers the same")
async def registry_not_found(clouds: Clouds) -> Failure:
    known = target_of(clouds.target)
    target = replace(known, registry=RegistryId(known.registry.subscription, known.registry.group, "nowhere"))
    async with imports_client(target, source_of(clouds.source)) as imports:
        return await refusal_of(imports.begin(APP, ABSENT))


@provokes("import_refused", "conflict", "its words name the reason")
async def import_refused(clouds: Clouds) -> Failure:
    policy = faults.status(403, code="RequestDisallowedByPolicy", message="Resource was disallowed by policy")
    with behaving(clouds.target) as control:
        control.impose(policy, on=faults.arm("POST"))
        async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
            return await refusal_of(imports.begin(APP, ABSENT))
