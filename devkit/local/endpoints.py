"""How to use a running stack: the line of `make up` (docs/decisions.md, 1.4)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devkit.local.clouds import PERSON, SOURCE, CloudFacts
from devkit.local.layout import Layout


@dataclass(frozen=True, slots=True)
class Control:
    url: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registry:
    """One cloud's, with a token that has every right on it: a person's or a judge's."""

    name: str
    login_server: str
    registry_id: str
    username: str
    password: str = field(repr=False)
    control: Control

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "loginServer": self.login_server,
            "registry": self.registry_id,
            "username": self.username,
            "password": self.password,
            "control": {"url": self.control.url, "key": self.control.key},
        }


@dataclass(frozen=True, slots=True)
class App:
    url: str
    key: str = field(repr=False)  # the function key
    log: Path
    database: Path

    def to_json(self) -> dict[str, Any]:
        return {"url": self.url, "key": self.key, "log": str(self.log), "database": str(self.database)}


@dataclass(frozen=True, slots=True)
class Endpoints:
    state: Path
    ca: Path
    certificates: Path
    app: App
    source: Registry
    targets: tuple[Registry, ...]

    @classmethod
    def of(cls, layout: Layout) -> "Endpoints":
        url, key = f"http://127.0.0.1:{layout.ports.app}", layout.host_keys["function"]
        return cls(
            state=layout.folder,
            ca=layout.tls.ca,
            certificates=layout.certificates,
            app=App(url, key, layout.log("host"), layout.host / "host.db"),
            source=_registry(SOURCE, layout),
            targets=tuple(_registry(facts, layout) for facts in layout.targets),
        )

    @property
    def registries(self) -> tuple[Registry, ...]:
        """The source first."""
        return (self.source, *self.targets)

    def to_json(self) -> dict[str, Any]:
        return {**self.clouds_json(), "app": self.app.to_json()}

    def clouds_json(self) -> dict[str, Any]:
        """Without the app."""
        return {
            "state": str(self.state),
            "ca": str(self.ca),
            "certDir": str(self.certificates),
            "source": self.source.to_json(),
            "targets": [target.to_json() for target in self.targets],
        }


def _registry(facts: CloudFacts, layout: Layout) -> Registry:
    ports = layout.ports.clouds[facts.name]
    control = Control(f"http://127.0.0.1:{ports['control']}", layout.secrets[f"{facts.name}/control-key"])
    password = layout.secrets[f"{facts.name}/{PERSON}"]
    return Registry(facts.name, f"localhost:{ports['registry']}", facts.registry_id, PERSON, password, control)
