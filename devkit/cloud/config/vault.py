"""A key vault: optional."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devkit.cloud.config.reading import text

_SECRET_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")  # REST: Set Secret, URI parameters


@dataclass(frozen=True, slots=True)
class VaultConfig:
    name: str
    secrets: Mapping[str, str] = field(repr=False)  # what they are at first; one that changes here becomes a new version

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        secrets = value.get("secrets") or {}
        for name in secrets:
            if not is_secret_name(name):
                raise ValueError("the names of a vault's secrets have letters, digits and hyphens, 127 at most")
        return cls(text(value, "name"), {name: text(secrets, name) for name in secrets})


def is_secret_name(name: str) -> bool:
    return _SECRET_NAME.fullmatch(name) is not None
