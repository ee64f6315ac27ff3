"""Registries as the settings describe them: the one that is replicated, and those that become its replicas."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from replication.clouds import Cloud
from replication.credential import Credential
from replication.scope import WHOLE, Scope
from replication.vaultsecret import SecretSource

PASSWORD_SETTING, SECOND_PASSWORD_SETTING = "SourceACRPullTokenPassword", "SourceACRPullTokenPassword2"
# "Naming rules and restrictions for Azure resources". A registry's name becomes a host name, and its group part of a URL.
_SHAPE = re.compile(
    r"/?subscriptions/([0-9a-z-]{1,64})/resourceGroups/([^/?#%\\\s]{0,89}[^/?#%\\\s.])"
    r"/providers/Microsoft\.ContainerRegistry/registries/([0-9a-z]{5,50})/?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class RegistryId:
    """`/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/NAME`; compared without case, as ARM does."""

    subscription: str
    group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, without the text: what stands in the wrong setting may be a secret."""
        if (found := _SHAPE.fullmatch(text)) is None:
            raise ValueError("not the resource id of a container registry")
        return cls(*found.groups())

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.ContainerRegistry/registries/{self.name}"
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """How requests to one side leave the app. `ca_file`: PEM, trusted instead of the system's authorities; `proxy`: a URL, used instead of
    what the environment names."""

    ca_file: str | None = None
    proxy: str | None = None


DIRECT = Egress()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceToken:
    """A repository token of the source, and the settings that hold or name its password, or the two that it may have: while one is
    generated anew, the other opens."""

    name: str
    password: SecretSource
    setting: str
    second: SecretSource | None = None
    second_setting: str | None = None

    @property
    def slots(self) -> tuple[tuple[str, SecretSource], ...]:
        """Setting and password."""
        first = ((self.setting, self.password),)
        return first if self.second is None or self.second_setting is None else (*first, (self.second_setting, self.second))


def identity_name(client_id: str | None) -> str:
    """Of a managed identity, for people."""
    return "the app's own managed identity" if client_id is None else f"the managed identity {client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The managed identity of the app that may list the source: a user-assigned one by its client id, or the app's own (None)."""

    client_id: str | None
    audience: str

    def __str__(self) -> str:
        return identity_name(self.client_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    registry: RegistryId
    login_server: str
    token_name: str
    token_password: SecretSource
    second_password: SecretSource | None = None
    egress: Egress = DIRECT
    listing: Listing | None = None
    token_expires: float | None = None  # seconds since 1970, where the settings tell
    vault_client_id: str | None = None  # of the managed identity that reads key vaults; None is the app's own

    @property
    def token(self) -> SourceToken:
        return SourceToken(
            name=self.token_name,
            password=self.token_password,
            setting=PASSWORD_SETTING,
            second=self.second_password,
            second_setting=SECOND_PASSWORD_SETTING,
        )

    def __str__(self) -> str:
        return f"the source ({self.login_server})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`source_token`: by which its ARM copies from the source, if not by the app's. `limits`: fields of `Limits` that are others here."""

    name: str
    cloud: Cloud
    registry: RegistryId
    login_server: str
    tenant_id: str
    client_id: str
    credential: Credential
    scope: Scope = WHOLE
    egress: Egress = DIRECT
    source_token: SourceToken | None = None
    limits: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} ({self.login_server})"
