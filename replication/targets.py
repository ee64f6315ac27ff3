"""Registries as the settings describe them: the one that is replicated, and those that become its replicas."""

from dataclasses import dataclass
from typing import Self

from replication.clouds import Cloud
from replication.secret import Secret

_SHAPE = {0: "subscriptions", 2: "resourcegroups", 4: "providers", 5: "microsoft.containerregistry", 6: "registries"}


@dataclass(frozen=True, slots=True)
class RegistryId:
    """`/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/NAME`; compared without case, as ARM does."""

    subscription: str
    group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, without the text: what stands in the wrong setting may be a secret."""
        parts = text.strip("/").split("/")
        if len(parts) != 8 or not all(parts) or any(parts[place].lower() != word for place, word in _SHAPE.items()):
            raise ValueError("not the resource id of a container registry")
        return cls(parts[1], parts[3], parts[7])

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.ContainerRegistry/registries/{self.name}"
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    registry: RegistryId
    login_server: str
    token_name: str
    token_password: Secret

    def __str__(self) -> str:
        return f"the source ({self.login_server})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`secret_setting` is the name of the setting that holds `secret`."""

    name: str
    cloud: Cloud
    registry: RegistryId
    login_server: str
    tenant_id: str
    client_id: str
    secret_setting: str
    secret: Secret

    def __str__(self) -> str:
        return f"{self.name} ({self.login_server})"
