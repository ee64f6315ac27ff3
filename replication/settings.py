"""The app's settings, read whole: all of it is right, or every mistake is told at once, with its setting, what is wrong, and an example.

The C# sample's names work for one target; `ReplicationTargets` (replication/targetlist.py) is for many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from replication.claims import Claim, find_doubles
from replication.clouds import CLOUDS, ENVIRONMENT_NAMES, Cloud
from replication.credential import ClientSecret
from replication.limits import Limits
from replication.limitsettings import LIMITS, parse_limits
from replication.loginservers import without_default_port, wrong_login_server
from replication.mistakes import Mistakes
from replication.prefixes import UNCHANGED
from replication.secret import Secret
from replication.storesetting import Store, parse_store
from replication.targetlist import parse_targets
from replication.targets import PASSWORD_SETTING, SECOND_PASSWORD_SETTING, Egress, Listing, RegistryId, Source, Target
from replication.texts import (
    CA_FILE_EXAMPLE,
    CA_FILE_WRONG,
    DATE_EXAMPLE,
    GUID_EXAMPLE,
    PROXY_EXAMPLE,
    PROXY_WRONG,
    REGISTRY_EXAMPLE,
    end_of_day,
    is_absolute_path,
    is_guid,
    is_proxy,
    wrong_secret,
    wrong_token_name,
)
from replication.vaultsecret import AUDIENCE_EXAMPLE, AUDIENCE_SETTING, URI_EXAMPLE, SecretSource, held_in, is_vault_audience

__all__ = ["LIMITS", "SINGLE_TARGET", "Settings"]

SINGLE_TARGET = (
    "TargetAzureEnvironmentName",
    "TargetAzureServicePrincipalClientId",
    "TargetAzureServicePrincipalClientKey",
    "TargetAzureServicePrincipalTenantId",
    "TargetACRResourceId",
)


@dataclass(frozen=True, slots=True)
class Settings:
    source: Source
    targets: Mapping[str, Target]  # by name, in the order of the settings
    limits: Limits
    store: Store

    def limits_of(self, target: str) -> Limits:
        """Those of a target, where it has its own."""
        return Limits.from_json({**self.limits.to_json(), **self.targets[target].limits})

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Self:
        """Raises `InvalidSettings` with all mistakes."""
        mistakes = Mistakes()
        source = _source(values, mistakes)
        targets, claims = _targets(values, mistakes)
        limits = parse_limits(values, mistakes)
        store = parse_store(values, mistakes)
        own = None if source is None else _claim(source, None)
        find_doubles(own, claims, "ReplicationTargets" if values.get("ReplicationTargets") else "TargetACRResourceId", mistakes)
        mistakes.raise_if_any()
        assert source is not None and store is not None  # otherwise there was a mistake
        return cls(source, {target.name: target for target in targets}, limits, store)


def _source(values: Mapping[str, str], mistakes: Mistakes) -> Source | None:
    registry = _registry(values, "SourceACRResourceId", mistakes)
    suffix = _environment(values.get("SourceAzureEnvironmentName") or "AzureCloud", "SourceAzureEnvironmentName", mistakes)
    given = values.get("SourceACRLoginServer")
    if given and (wrong := wrong_login_server(given, CLOUDS[suffix])):
        mistakes.add("SourceACRLoginServer", wrong, f"contoso.{CLOUDS[suffix].login_server_suffix}")
    login_server = given or f"{registry.name.lower() if registry else ''}.{CLOUDS[suffix].login_server_suffix}"
    name = _required(values, "SourceACRPullTokenName", mistakes, "replication-pull")
    if name and (wrong := wrong_token_name(name)):
        mistakes.add("SourceACRPullTokenName", wrong, "replication-pull")
    password = _secret(values, PASSWORD_SETTING, mistakes, "the password of that repository token")
    second = _secret(values, SECOND_PASSWORD_SETTING, mistakes, "its other password") if values.get(SECOND_PASSWORD_SETTING) else None
    expires, vault_client_id = _expires(values, mistakes), _vaults(values, mistakes)
    egress, listing = _egress(values, mistakes), _listing(values, CLOUDS[suffix], mistakes)
    if registry is None:
        return None
    return Source(
        registry=registry,
        login_server=without_default_port(login_server),
        token_name=name,
        token_password=password,
        second_password=second,
        egress=egress,
        listing=listing,
        token_expires=expires,
        vault_client_id=vault_client_id,
    )


def _expires(values: Mapping[str, str], mistakes: Mistakes) -> float | None:
    """Of the pull token's password."""
    given = values.get("SourceACRPullTokenExpires") or None
    end = end_of_day(given)
    if given is not None and end is None:
        mistakes.add("SourceACRPullTokenExpires", "is no date", DATE_EXAMPLE)
    return end


def _egress(values: Mapping[str, str], mistakes: Mistakes) -> Egress:
    """Of what is asked of the source."""
    ca_file, proxy = values.get("SourceCAFile") or None, values.get("SourceProxy") or None
    if ca_file is not None and not is_absolute_path(ca_file):
        mistakes.add("SourceCAFile", CA_FILE_WRONG, CA_FILE_EXAMPLE)
    if proxy is not None and not is_proxy(proxy):
        mistakes.add("SourceProxy", PROXY_WRONG, PROXY_EXAMPLE)
    return Egress(ca_file=ca_file, proxy=proxy)


def _listing(values: Mapping[str, str], cloud: Cloud, mistakes: Mistakes) -> Listing | None:
    """By whom the source may be listed."""
    given = values.get("SourceListingIdentity") or None
    client_id = _identity(given, "SourceListingIdentity", mistakes)
    return None if given is None else Listing(client_id=client_id, audience=cloud.acr_audience)


def _vaults(values: Mapping[str, str], mistakes: Mistakes) -> str | None:
    """By which user-assigned identity key vaults are read."""
    audience = values.get(AUDIENCE_SETTING)
    if audience and not is_vault_audience(audience):
        mistakes.add(AUDIENCE_SETTING, "is not https:// and the domain of a cloud's key vaults", AUDIENCE_EXAMPLE)
    return _identity(values.get("SourceVaultIdentity"), "SourceVaultIdentity", mistakes)


def _identity(given: str | None, setting: str, mistakes: Mistakes) -> str | None:
    """The client id of a user-assigned managed identity; None is the app's own."""
    if not given or given == "system":
        return None
    if not is_guid(given):
        mistakes.add(setting, "is neither 'system' nor the client id of a managed identity", f"system, or {GUID_EXAMPLE}")
    return given


def _targets(values: Mapping[str, str], mistakes: Mistakes) -> tuple[list[Target], list[Claim]]:
    single = [name for name in SINGLE_TARGET if values.get(name)]
    if values.get("ReplicationTargets"):
        if single:
            mistakes.add(
                single[0], "is set beside ReplicationTargets, which names all targets", "remove it, or move it into ReplicationTargets"
            )
        return parse_targets(values, mistakes)
    if not single:
        mistakes.add("ReplicationTargets", "is missing: there is no target to replicate to", '[{"name": "china", "cloud": "china", …}]')
        return [], []
    return _single_target(values, mistakes)


def _claim(registry: Source | Target, name: str | None) -> Claim:
    return Claim(name=name, registry=registry.registry, login_server=registry.login_server, prefixes=UNCHANGED)


def _single_target(values: Mapping[str, str], mistakes: Mistakes) -> tuple[list[Target], list[Claim]]:
    before = len(mistakes)
    environment = _required(values, "TargetAzureEnvironmentName", mistakes, "AzureChinaCloud")
    name = _environment(environment, "TargetAzureEnvironmentName", mistakes) if environment else "public"
    registry = _registry(values, "TargetACRResourceId", mistakes)
    guids = {}
    for setting in ("TargetAzureServicePrincipalTenantId", "TargetAzureServicePrincipalClientId"):
        guids[setting] = _required(values, setting, mistakes, GUID_EXAMPLE)
        if guids[setting] and not is_guid(guids[setting]):
            mistakes.add(setting, "is not a GUID", GUID_EXAMPLE)
    secret = _secret(values, "TargetAzureServicePrincipalClientKey", mistakes, "the client secret of that service principal")
    if registry is None:
        return [], []
    target = Target(
        name=name,
        cloud=CLOUDS[name],
        registry=registry,
        login_server=f"{registry.name.lower()}.{CLOUDS[name].login_server_suffix}",
        tenant_id=guids["TargetAzureServicePrincipalTenantId"],
        client_id=guids["TargetAzureServicePrincipalClientId"],
        credential=ClientSecret(setting="TargetAzureServicePrincipalClientKey", secret=secret),
    )
    return [target] if len(mistakes) == before else [], [_claim(target, name)]


def _required(values: Mapping[str, str], setting: str, mistakes: Mistakes, example: str) -> str:
    value = values.get(setting) or ""
    if not value:
        mistakes.add(setting, "is missing", example)
    return value


def _secret(values: Mapping[str, str], setting: str, mistakes: Mistakes, example: str) -> SecretSource:
    if wrong := wrong_secret(_required(values, setting, mistakes, example)):
        mistakes.add(setting, wrong, example)
    try:
        return held_in(values, setting)
    except ValueError as error:
        mistakes.add(setting, str(error), URI_EXAMPLE)
        return Secret("")


def _registry(values: Mapping[str, str], setting: str, mistakes: Mistakes) -> RegistryId | None:
    text = _required(values, setting, mistakes, REGISTRY_EXAMPLE)
    if not text:
        return None
    try:
        return RegistryId.parse(text)
    except ValueError as error:
        mistakes.add(setting, f"is {error}", REGISTRY_EXAMPLE)
        return None


def _environment(text: str, setting: str, mistakes: Mistakes) -> str:
    """A cloud's name; "public" after a mistake."""
    if (name := ENVIRONMENT_NAMES.get(text.lower())) is None:
        mistakes.add(setting, "is not the name of a cloud", "AzureChinaCloud, AzureUSGovernment or AzureGlobalCloud")
    return name or "public"
