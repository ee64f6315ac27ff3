"""The settings file of a cloud (docs/decisions.md, 1.1): read once, checked whole, then only values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

TOKEN_ACTIONS = {"*", "content/read", "content/write", "content/delete", "metadata/read", "metadata/write"}


class Problem(Exception):
    """What keeps the cloud from running, in one sentence for a person."""


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


@dataclass(frozen=True, slots=True)
class RepositoryToken:
    """A name and password of this registry alone (docs: container-registry-token-based-repository-permissions)."""

    name: str
    password: str = field(repr=False)
    actions: frozenset[str]  # "content/read" and so on, for every repository; "*" is the admin account


@dataclass(frozen=True, slots=True)
class Principal:
    """An app registration of the tenant and the RBAC actions it holds on the registry."""

    client_id: str
    client_secret: str = field(repr=False)
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class ImportPace:
    """How slow an import is at least: real seconds at clock scale 1."""

    latency_seconds: float = 0.0
    bytes_per_second: float = 50_000_000.0

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, other: "ImportPace") -> Self:
        """Whatever `value` leaves out is as in `other`."""
        latency = _number(value.get("latencySeconds", other.latency_seconds), "latencySeconds", least=0)
        rate = _number(value.get("bytesPerSecond", other.bytes_per_second), "bytesPerSecond", least=1)
        return cls(latency, rate)

    def to_json(self) -> dict[str, float]:
        return {"latencySeconds": self.latency_seconds, "bytesPerSecond": self.bytes_per_second}


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Of the three kinds of token, in seconds; the defaults are what Azure's documentation shows."""

    entra_seconds: float = 3599
    refresh_seconds: float = 10_800
    access_seconds: float = 4_500


@dataclass(frozen=True, slots=True)
class CloudConfig:
    name: str
    state: Path
    control_key: str = field(repr=False)
    tls: Tls
    ports: Ports
    tenant_id: str
    arm_audience: str
    acr_audience: str
    registry_id: str
    login_server: str
    tokens: tuple[RepositoryToken, ...]
    principals: tuple[Principal, ...]
    pace: ImportPace
    lifetimes: Lifetimes
    event_endpoint: str | None = field(repr=False)  # its query may hold a key
    clock_scale: float

    @property
    def arm_url(self) -> str:
        return f"https://localhost:{self.ports.arm}"

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
        tls, ports, registry, lifetimes = value["tls"], value["ports"], value["registry"], value.get("lifetimes") or {}
        subscription = value.get("eventSubscription")
        return cls(
            name=_text(value, "name"),
            state=Path(_text(value, "state")),
            control_key=_text(value, "controlKey"),
            tls=Tls(*(Path(_text(tls, name)) for name in ("certificate", "key", "ca"))),
            ports=Ports(*(int(ports[name]) for name in ("entra", "arm", "registry", "control"))),
            tenant_id=_text(value, "tenantId"),
            arm_audience=_text(value, "armAudience").rstrip("/"),
            acr_audience=_text(value, "acrAudience").rstrip("/"),
            registry_id=_registry_id(_text(registry, "id")),
            login_server=_text(registry, "loginServer"),
            tokens=tuple(_token(token) for token in registry.get("tokens", ())),
            principals=tuple(_principal(principal) for principal in value.get("principals", ())),
            pace=ImportPace.from_json(value.get("imports") or {}, other=ImportPace()),
            lifetimes=Lifetimes(
                _number(lifetimes.get("entraSeconds", 3599), "entraSeconds", least=1),
                _number(lifetimes.get("refreshSeconds", 10_800), "refreshSeconds", least=1),
                _number(lifetimes.get("accessSeconds", 4_500), "accessSeconds", least=1),
            ),
            event_endpoint=_text(subscription, "endpoint") if subscription else None,
            clock_scale=_number(value.get("clockScale", 1), "clockScale", least=0.001),
        )


def _registry_id(text: str) -> str:
    parts = text.strip("/").split("/")
    wanted = {0: "subscriptions", 2: "resourceGroups", 4: "providers", 5: "Microsoft.ContainerRegistry", 6: "registries"}
    if len(parts) != 8 or any(parts[place].lower() != word.lower() for place, word in wanted.items()):
        raise ValueError("registry.id must be /subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/NAME")
    return text


def _token(value: Mapping[str, Any]) -> RepositoryToken:
    actions = frozenset(value["actions"])
    if not actions <= TOKEN_ACTIONS:
        raise ValueError(f"a token's actions are among {', '.join(sorted(TOKEN_ACTIONS))}")
    return RepositoryToken(_text(value, "name"), _text(value, "password"), actions)


def _principal(value: Mapping[str, Any]) -> Principal:
    return Principal(_text(value, "clientId"), _text(value, "clientSecret"), frozenset(value["actions"]))


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value[name]
    if not isinstance(text, str) or not text:
        raise ValueError(f"{name} must be a text that is not empty")
    return text


def _number(value: object, name: str, *, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ValueError(f"{name} must be a number of at least {least:g}")
    return value
