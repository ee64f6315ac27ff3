"""How many calls a minute the data plane takes (acr.md 6 [D], documentation of 2026)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.config.reading import number

CLASSES = ("read", "write", "delete", "referrers", "oauth")
SCOPES = ("registry", "identity")
_SMALL = {"read": (10_000, 5_000), "write": (2_000, 1_000), "delete": (1_000, 500), "referrers": (500, 250), "oauth": (10_000, None)}
_LARGE = {"read": (20_000, 10_000), "write": (4_000, 2_000), "delete": (4_000, 2_000), "referrers": (2_000, 1_000), "oauth": (20_000, None)}
TIERS = {"basic": _SMALL, "standard": _SMALL, "premium": _LARGE}


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Calls a minute by class and scope; what is not in it has no limit."""

    most: Mapping[tuple[str, str], int]
    said: Any

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        """None for no limits; `basic`, `standard` or `premium`; or `{"read": {"registry": 10, "identity": 5}, …}`, where what is left out
        is not limited. Raises `ValueError`."""
        if value is None:
            return None
        if isinstance(value, str) and value in TIERS:
            tier = TIERS[value]
            most = {(name, scope): limit for name in CLASSES for scope, limit in zip(SCOPES, tier[name], strict=True) if limit is not None}
            return cls(most, value)
        if not isinstance(value, dict) or not all(name in CLASSES and isinstance(limits, dict) for name, limits in value.items()):
            raise ValueError(f"rateLimits is null, one of {', '.join(TIERS)}, or numbers for {', '.join(CLASSES)}")
        most = {(name, scope): int(number(limit, scope, least=0)) for name, limits in value.items() for scope, limit in limits.items()}
        if not all(scope in SCOPES for _, scope in most):
            raise ValueError(f"rateLimits are per {' or '.join(SCOPES)}")
        return cls(most, value)
