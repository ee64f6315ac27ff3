"""How the registry is set up: what ARM shows of it, and what its data plane goes by. The defaults are a new Premium registry's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from devkit.cloud.config.ratelimits import RateLimits
from devkit.cloud.config.reading import choice, flag, number
from devkit.cloud.identities.roles import MODES, Mode

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

    def to_json(self) -> dict[str, Any]:
        flags = {"export": self.export, "armTokens": self.arm_tokens, "quarantine": self.quarantine}
        return {**flags, "softDeleteDays": self.soft_delete_days}


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """The settings' `registry`, beside its id, login server and tokens."""

    role_mode: Mode
    sku: str
    policies: Policies
    anonymous_pull: bool
    referrers_api: bool  # false: as of a registry that a customer's key encrypts (acr.md 5)
    rate_limits: RateLimits | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        return cls(
            role_mode=choice(value, "roleAssignmentMode", MODES),
            sku=choice(value, "sku", SKUS, "Premium"),
            policies=Policies.from_json(value.get("policies") or {}),
            anonymous_pull=flag(value, "anonymousPull", False),
            referrers_api=flag(value, "referrersApi", True),
            rate_limits=RateLimits.from_json(value.get("rateLimits")),
        )

    def changed(self, value: Mapping[str, Any]) -> Self:
        """What may change while it runs; what `value` leaves out stays. Raises `ValueError`."""
        now = self.to_json()
        policies = value.get("policies", {})
        if not value.keys() <= now.keys() or not isinstance(policies, dict) or not policies.keys() <= now["policies"].keys():
            raise ValueError(f"what may change is {', '.join(now)}, and of the policies {', '.join(now['policies'])}")
        made = self.from_json({**now, **value, "policies": now["policies"] | policies})
        return replace(made, role_mode=self.role_mode, sku=self.sku)

    def to_json(self) -> dict[str, Any]:
        """What may change."""
        return {
            "policies": self.policies.to_json(),
            "anonymousPull": self.anonymous_pull,
            "referrersApi": self.referrers_api,
            "rateLimits": self.rate_limits.said if self.rate_limits else None,
        }
