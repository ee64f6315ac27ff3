"""The app's clients, at registries of the local clouds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from traceback import format_exception
from typing import Any

import pytest

from registries.arm import TargetImports
from registries.armclient import ArmClient
from registries.credentials import EntraCredential
from registries.entratokens import EntraTokens
from registries.registry import Registry
from registries.source import SourceTokens, source_registry
from registries.target import target_registry
from registries.wire import Wire
from replication.clouds import Cloud as CloudAddresses
from replication.credential import ClientSecret
from replication.failures import Code, Failure, Kind, Refused
from replication.references import Digest
from replication.secret import Secret
from replication.targets import RegistryId, Source, Target
from tests.devkit.cloud.running import Cloud

ABSENT = Digest("0" * 64)


def source_of(cloud: Cloud, *, token: str = "pull", password: str | None = None) -> Source:
    known = next(one for one in cloud.config["registry"]["tokens"] if one["name"] == token)
    registry = RegistryId.parse(cloud.registry_id)
    secret = Secret(known["password"] if password is None else password)
    return Source(registry=registry, login_server=cloud.login_server, token_name=token, token_password=secret)


def target_of(cloud: Cloud, *, principal: int = 0, secret: Secret | None = None, **changed: Any) -> Target:
    """`secret`: the principal's own, unless another is given."""
    known = cloud.config["principals"][principal]
    target = Target(
        name="china",
        cloud=CloudAddresses(
            authority=cloud.url("entra"),
            resource_manager=cloud.url("arm"),
            arm_audience=cloud.config["armAudience"],
            acr_audience=cloud.config["acrAudience"],
            login_server_suffix="azurecr.example",
        ),
        registry=RegistryId.parse(cloud.registry_id),
        login_server=cloud.login_server,
        tenant_id=cloud.config["tenantId"],
        client_id=known["clientId"],
        credential=ClientSecret(setting="ChinaClientSecret", secret=secret or Secret(known["clientSecret"])),
    )
    return replace(target, **changed)


def secret_of(target: Target) -> str:
    assert isinstance(target.credential, ClientSecret) and isinstance(target.credential.secret, Secret)
    return target.credential.secret.reveal()


def password_of(source: Source) -> str:
    assert isinstance(source.token_password, Secret)
    return source.token_password.reveal()


@asynccontextmanager
async def source_client(source: Source) -> AsyncIterator[tuple[Registry, SourceTokens]]:
    wire = Wire(source.login_server)
    try:
        yield source_registry(source, wire)
    finally:
        await wire.close()


@asynccontextmanager
async def target_client(target: Target) -> AsyncIterator[tuple[Registry, EntraTokens]]:
    wire, credential = Wire(target.login_server), EntraCredential(target)
    arm = ArmClient(target, credential)
    try:
        yield target_registry(target, wire, credential, arm.soft_deletes)
    finally:
        await arm.close()
        await wire.close()


@asynccontextmanager
async def imports_client(target: Target, source: Source) -> AsyncIterator[TargetImports]:
    """With what it asks why an import failed."""
    credential, wire, at_source = EntraCredential(target), Wire(target.login_server), Wire(source.login_server)
    arm = ArmClient(target, credential)
    there, _ = target_registry(target, wire, credential, arm.soft_deletes)
    here, pull = source_registry(source, at_source, target.source_token)
    imports = TargetImports(target, source, arm, here=here, there=there, pull=pull)
    try:
        yield imports
    finally:
        await imports.close()
        await wire.close()
        await at_source.close()


def check_refusal(refused: pytest.ExceptionInfo[Refused], kind: Kind, code: Code, *secrets: str) -> Failure:
    """What it is, and that neither it nor anything that hangs on it holds one of the secrets."""
    error = refused.value
    assert (error.failure.kind, error.failure.code) == (kind, code), str(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.failure.doing and error.failure.said and error.failure.hint
    for shown in (str(error), repr(error), repr(error.failure), str(error.failure.to_json()), *format_exception(error)):
        for secret in secrets:
            assert secret not in shown
    return error.failure


def asked_of(cloud: Cloud, path: str, *, service: str = "registry") -> list[dict[str, Any]]:
    """The requests with `path` in theirs, oldest first, but for those by which tests themselves push."""
    return [
        one for one in cloud.control("GET", "requests") if one["service"] == service and path in one["path"] and one["identity"] != "all"
    ]
