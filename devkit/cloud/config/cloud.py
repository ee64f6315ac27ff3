"""The whole of a cloud's settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from devkit.cloud.config.azureclouds import AzureCloud, azure_cloud
from devkit.cloud.config.events import EventSubscription
from devkit.cloud.config.identities import RepositoryToken
from devkit.cloud.config.imports import ImportPace, operation_seconds
from devkit.cloud.config.managedidentity import ManagedIdentity
from devkit.cloud.config.principals import Principal
from devkit.cloud.config.reading import Problem, number, text
from devkit.cloud.config.registry import RegistryConfig
from devkit.cloud.config.scopemaps import scope_maps
from devkit.cloud.config.vault import VaultConfig
from devkit.cloud.unknowns import Unknowns

FASTEST_CLOCK = 100_000  # seconds in one


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Path
    key: Path
    ca: Path  # whom imports trust at the source


@dataclass(frozen=True, slots=True)
class Ports:
    entra: int
    arm: int
    registry: int
    control: int
    identity: int | None = None
    vault: int | None = None
    data: int | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        needed = {name: int(value[name]) for name in ("entra", "arm", "registry", "control")}
        return cls(**needed, **{name: int(value[name]) for name in ("identity", "vault", "data") if name in value})


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Of the kinds of token, in seconds; the defaults are what Azure's documentation shows."""

    entra_seconds: float
    refresh_seconds: float
    access_seconds: float
    identity_seconds: float

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        defaults = {"entraSeconds": 3599, "refreshSeconds": 10_800, "accessSeconds": 4_500, "identitySeconds": 86_400}
        return cls(*(number(value.get(name, default), name, least=1) for name, default in defaults.items()))


@dataclass(frozen=True, slots=True)
class CloudConfig:
    name: str
    state: Path
    control_key: str = field(repr=False)
    tls: Tls
    ports: Ports
    azure: AzureCloud
    tenant_id: str
    arm_audience: str
    acr_audience: str
    registry_id: str
    login_server: str
    registry: RegistryConfig
    tokens: tuple[RepositoryToken, ...]
    principals: tuple[Principal, ...]
    managed_identity: ManagedIdentity | None
    vault: VaultConfig | None
    pace: ImportPace
    operation_seconds: float
    lifetimes: Lifetimes
    event_subscription: EventSubscription | None
    clock_scale: float
    unknowns: Unknowns

    def __post_init__(self) -> None:
        if (self.managed_identity is None) != (self.ports.identity is None):
            raise ValueError("managedIdentity and ports.identity go together")
        if (self.vault is None) != (self.ports.vault is None):
            raise ValueError("vault and ports.vault go together")
        if self.unknowns.blob_redirect == "data_endpoint" and self.ports.data is None:
            raise ValueError("unknowns.blobRedirect is data_endpoint: that needs a port data")
        if len({principal.client_id.lower() for principal in self.everyone}) < len(self.everyone):
            raise ValueError("two principals have the same clientId")

    @property
    def everyone(self) -> tuple[Principal, ...]:
        """Of the tenant: applications and managed identities."""
        managed = self.managed_identity.identities if self.managed_identity else ()
        return self.principals + tuple(one.principal for one in managed)

    @property
    def arm_url(self) -> str:
        return f"https://localhost:{self.ports.arm}"

    @property
    def vault_url(self) -> str:
        return f"https://localhost:{self.ports.vault}"

    @property
    def entra_url(self) -> str:
        return f"https://localhost:{self.ports.entra}"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `Problem`."""
        try:
            return cls.from_json(json.loads(path.read_text()))
        except OSError as error:
            raise Problem(f"cannot read the settings file {path}: {error.strerror}") from None
        except KeyError as error:
            raise Problem(f"the settings file {path} lacks {error}: docs/decisions.md, 1.1 shows a whole one") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise Problem(f"the settings file {path} is not as docs/decisions.md, 1.1 says: {error}") from None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        tls, registry, subscription = value["tls"], value["registry"], value.get("eventSubscription")
        azure = azure_cloud(value.get("azureCloud", "public"))
        return cls(
            name=text(value, "name"),
            state=Path(text(value, "state")),
            control_key=text(value, "controlKey"),
            tls=Tls(*(Path(text(tls, name)) for name in ("certificate", "key", "ca"))),
            ports=Ports.from_json(value["ports"]),
            azure=azure,
            tenant_id=text(value, "tenantId"),
            arm_audience=text(value, "armAudience").rstrip("/"),
            acr_audience=text(value, "acrAudience").rstrip("/"),
            registry_id=_registry_id(text(registry, "id")),
            login_server=text(registry, "loginServer"),
            registry=RegistryConfig.from_json(registry),
            tokens=_tokens(registry),
            principals=tuple(Principal.from_json(one, exchange_audience=azure.exchange_audience) for one in value.get("principals", ())),
            managed_identity=ManagedIdentity.from_json(managed) if (managed := value.get("managedIdentity")) else None,
            vault=VaultConfig.from_json(vault) if (vault := value.get("vault")) else None,
            pace=ImportPace.from_json(value.get("imports") or {}, other=ImportPace()),
            operation_seconds=operation_seconds(value.get("imports") or {}),
            lifetimes=Lifetimes.from_json(value.get("lifetimes") or {}),
            event_subscription=EventSubscription.from_json(subscription, name=text(value, "name")) if subscription else None,
            clock_scale=number(value.get("clockScale", 1), "clockScale", least=0.001, most=FASTEST_CLOCK),
            unknowns=Unknowns.from_json(value.get("unknowns") or {}),
        )


def _tokens(registry: Mapping[str, Any]) -> tuple[RepositoryToken, ...]:
    maps = scope_maps(registry.get("scopeMaps", ()))
    return tuple(RepositoryToken.from_json(token, maps) for token in registry.get("tokens", ()))


def _registry_id(given: str) -> str:
    parts = given.strip("/").split("/")
    wanted = {0: "subscriptions", 2: "resourceGroups", 4: "providers", 5: "Microsoft.ContainerRegistry", 6: "registries"}
    if len(parts) != 8 or any(parts[place].lower() != word.lower() for place, word in wanted.items()):
        raise ValueError("registry.id must be /subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/NAME")
    return given
