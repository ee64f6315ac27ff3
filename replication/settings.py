"""The app's settings, read whole: all of it is right, or every mistake is told at once, with its setting, what is wrong, and an example.

The C# sample's names work for one target; `ReplicationTargets` (replication/targetlist.py) is for many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from replication.clouds import CLOUDS, ENVIRONMENT_NAMES
from replication.limits import Limits
from replication.mistakes import Mistakes
from replication.secret import Secret
from replication.storesetting import Store, parse_store
from replication.targetlist import parse_targets
from replication.targets import RegistryId, Source, Target
from replication.texts import GUID_EXAMPLE, LOGIN_SERVER, REGISTRY_EXAMPLE, is_guid

SINGLE_TARGET = (
    "TargetAzureEnvironmentName",
    "TargetAzureServicePrincipalClientId",
    "TargetAzureServicePrincipalClientKey",
    "TargetAzureServicePrincipalTenantId",
    "TargetACRResourceId",
)
EXAMPLE_APART = 'one registry once, or "prefixes" that lead to different places'
LIMITS = {  # setting -> field of Limits, and the most that it may be, in seconds: a run's history is to stay below 500 events
    "ReplicationSettle": ("settle", 3600),
    "ReplicationDeleteDelay": ("delete_delay", 86_400),
    "ReplicationRecheck": ("recheck", 7200),
    "ReplicationPatience": ("patience", 7200),
    "ReplicationImportDeadline": ("import_deadline", 7200),
}


@dataclass(frozen=True, slots=True)
class Settings:
    source: Source
    targets: Mapping[str, Target]  # by name, in the order of the settings
    limits: Limits
    store: Store

    @classmethod
    def parse(cls, values: Mapping[str, str]) -> Self:
        """Raises `InvalidSettings` with all mistakes."""
        mistakes = Mistakes()
        source = _source(values, mistakes)
        targets = _targets(values, mistakes)
        limits = _limits(values, mistakes)
        store = parse_store(values, mistakes)
        _find_doubles(source, targets, "ReplicationTargets" if values.get("ReplicationTargets") else "TargetACRResourceId", mistakes)
        mistakes.raise_if_any()
        assert source is not None and limits is not None and store is not None  # otherwise there was a mistake
        return cls(source, {target.name: target for target in targets}, limits, store)


def _source(values: Mapping[str, str], mistakes: Mistakes) -> Source | None:
    registry = _registry(values, "SourceACRResourceId", mistakes)
    suffix = _environment(values.get("SourceAzureEnvironmentName") or "AzureCloud", "SourceAzureEnvironmentName", mistakes)
    login_server = values.get("SourceACRLoginServer") or f"{registry.name.lower() if registry else ''}.{CLOUDS[suffix].login_server_suffix}"
    if registry is not None and not LOGIN_SERVER.fullmatch(login_server):
        mistakes.add("SourceACRLoginServer", "is not a login server (a host name, without https:// or a path)", "contoso.azurecr.io")
    name = _required(values, "SourceACRPullTokenName", mistakes, "replication-pull")
    password = _required(values, "SourceACRPullTokenPassword", mistakes, "the password of that repository token")
    return (
        None if registry is None else Source(registry=registry, login_server=login_server, token_name=name, token_password=Secret(password))
    )


def _targets(values: Mapping[str, str], mistakes: Mistakes) -> list[Target]:
    single = [name for name in SINGLE_TARGET if values.get(name)]
    if values.get("ReplicationTargets"):
        if single:
            mistakes.add(
                single[0], "is set beside ReplicationTargets, which names all targets", "remove it, or move it into ReplicationTargets"
            )
        return parse_targets(values, mistakes)
    if not single:
        mistakes.add("ReplicationTargets", "is missing: there is no target to replicate to", '[{"name": "china", "cloud": "china", …}]')
        return []
    return _single_target(values, mistakes)


def _find_doubles(source: Source | None, targets: list[Target], setting: str, mistakes: Mistakes) -> None:
    """By id and by login server: one registry under two names would verify itself, and lose what the other deletes. Two targets may share
    a registry if their prefixes keep them apart; filters are no proof of that."""
    for number, target in enumerate(targets):
        names = _names(target)
        others = ["the source"] if source is not None and names & _names(source) else []
        others += [
            f"target {one.name!r}"
            for one in targets[:number]
            if names & _names(one) and not target.scope.prefixes.apart_from(one.scope.prefixes)
        ]
        if others:
            mistakes.add(setting, f"gives target {target.name!r} the registry of {' and '.join(others)}", EXAMPLE_APART)


def _names(registry: Source | Target) -> set[str]:
    return {str(registry.registry).lower(), registry.login_server}


def _single_target(values: Mapping[str, str], mistakes: Mistakes) -> list[Target]:
    before = len(mistakes)
    environment = _required(values, "TargetAzureEnvironmentName", mistakes, "AzureChinaCloud")
    name = _environment(environment, "TargetAzureEnvironmentName", mistakes) if environment else "public"
    registry = _registry(values, "TargetACRResourceId", mistakes)
    guids = {}
    for setting in ("TargetAzureServicePrincipalTenantId", "TargetAzureServicePrincipalClientId"):
        guids[setting] = _required(values, setting, mistakes, GUID_EXAMPLE)
        if guids[setting] and not is_guid(guids[setting]):
            mistakes.add(setting, "is not a GUID", GUID_EXAMPLE)
    secret = _required(values, "TargetAzureServicePrincipalClientKey", mistakes, "the client secret of that service principal")
    if len(mistakes) > before or registry is None:
        return []
    return [
        Target(
            name=name,
            cloud=CLOUDS[name],
            registry=registry,
            login_server=f"{registry.name.lower()}.{CLOUDS[name].login_server_suffix}",
            tenant_id=guids["TargetAzureServicePrincipalTenantId"],
            client_id=guids["TargetAzureServicePrincipalClientId"],
            secret_setting="TargetAzureServicePrincipalClientKey",  # noqa: S106 - a setting's name
            secret=Secret(secret),
        )
    ]


def _limits(values: Mapping[str, str], mistakes: Mistakes) -> Limits | None:
    given = {}
    for setting, (field, most) in LIMITS.items():
        text = values.get(setting)
        if not text:
            continue
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1
        if not 0 <= seconds <= most:  # NaN is not either
            mistakes.add(setting, f"is not a number of seconds from 0 to {most}", "60")
        given[field] = seconds
    return Limits.from_json(given)


def _required(values: Mapping[str, str], setting: str, mistakes: Mistakes, example: str) -> str:
    value = values.get(setting) or ""
    if not value:
        mistakes.add(setting, "is missing", example)
    return value


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
