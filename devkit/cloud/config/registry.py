"""How the registry is set up: what ARM shows of it, and what its data plane goes by. The defaults are a new Premium registry's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.config.reading import choice, flag, number
from devkit.cloud.roles import MODES, Mode

SKUS = ("Basic", "Standard", "Premium")
MOST_DAYS = 90  # acr.md 5: soft delete keeps for 1 to 90 days


@dataclass(frozen=True, slots=True)
class Policies:
    """Registries - Get, api-version 2025-11-01, `properties.policies`."""

    export: bool  # false: nothing may be imported out of it (acr.md 2.3)
    arm_tokens: bool  # azureADAuthenticationAsArmPolicy: the exchange takes tokens for ARM as well (acr.md 4.4)
    quarantine: bool
    soft_delete_days: int | None  # None: deleted is gone

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        days = value.get("softDeleteDays")
        if days is not None and not number(days, "softDeleteDays", least=1) <= MOST_DAYS:
            raise ValueError(f"softDeleteDays is at most {MOST_DAYS}")
        export, arm_tokens, quarantine = (
            flag(value, name, default) for name, default in (("export", True), ("armTokens", True), ("quarantine", False))
        )
        return cls(export, arm_tokens, quarantine, None if days is None else int(days))


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """The settings' `registry`, beside its id, login server and tokens."""

    role_mode: Mode
    sku: str
    policies: Policies

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            role_mode=choice(value, "roleAssignmentMode", MODES),
            sku=choice(value, "sku", SKUS, "Premium"),
            policies=Policies.from_json(value.get("policies") or {}),
        )
