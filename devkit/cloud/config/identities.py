"""Who may call with a password of the registry's own: repository tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devkit.cloud.config.reading import text

TOKEN_ACTIONS = {"*", "content/read", "content/write", "content/delete", "metadata/read", "metadata/write"}


@dataclass(frozen=True, slots=True)
class RepositoryToken:
    """A name and password of this registry alone (docs: container-registry-token-based-repository-permissions)."""

    name: str
    password: str = field(repr=False)
    actions: frozenset[str]  # "content/read" and so on, for every repository; "*" is the admin account

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        actions = frozenset(value["actions"])
        if not actions <= TOKEN_ACTIONS:
            raise ValueError(f"a token's actions are among {', '.join(sorted(TOKEN_ACTIONS))}")
        return cls(text(value, "name"), text(value, "password"), actions)
