"""The managed identities of the app that runs beside this cloud: optional, as an App Service app has none until it is given one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devkit.cloud.config.principals import Principal
from devkit.cloud.config.reading import text


@dataclass(frozen=True, slots=True)
class AssignedIdentity:
    principal: Principal
    system: bool  # the app's own, which a request that names none gets
    resource_id: str | None  # of a user-assigned one

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        assigned = value.get("assigned", "user")
        if assigned not in {"system", "user"}:
            raise ValueError("assigned is system or user")
        return cls(Principal.without_proof(value), assigned == "system", value.get("resourceId"))


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    header: str = field(repr=False)  # what the app finds in IDENTITY_HEADER
    identities: tuple[AssignedIdentity, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        identities = tuple(AssignedIdentity.from_json(one) for one in value["identities"])
        if sum(one.system for one in identities) > 1:
            raise ValueError("managedIdentity: an app has one system-assigned identity at most")
        return cls(text(value, "header"), identities)
