"""Who may call with a password of the registry's own: repository tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devkit.cloud.config.reading import choice, moment, text
from devkit.cloud.config.scopemaps import ACTIONS, everywhere
from devkit.cloud.identities.rights import Right, Rights

SLOTS = ("password1", "password2")
STATUSES = ("enabled", "disabled")


@dataclass(frozen=True, slots=True)
class TokenPassword:
    value: str = field(repr=False)
    expiry: float | None  # seconds since the epoch, by the cloud's clock; None is never

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        expiry = value.get("expiry")
        return cls(text(value, "value"), None if expiry is None else moment(expiry, "expiry"))


@dataclass(frozen=True, slots=True)
class RepositoryToken:
    """A name and passwords of this registry alone (acr.md 3)."""

    name: str
    scope_map: str | None  # None: by its own actions
    rights: Rights
    passwords: Mapping[str, TokenPassword]  # by slot
    status: str

    @classmethod
    def from_json(cls, value: Mapping[str, Any], maps: Mapping[str, Rights]) -> Self:
        """`password` is short for a `password1` that never expires, `actions` for a scope map of them in every repository; `*` in it is the
        admin account. Raises `KeyError` or `ValueError`."""
        single = {"password1": {"value": text(value, "password")}} if "password" in value else {}
        passwords = {slot: TokenPassword.from_json(one) for slot, one in {**value.get("passwords", {}), **single}.items()}
        if not passwords.keys() <= set(SLOTS):
            raise ValueError(f"a token's passwords are {' and '.join(SLOTS)}")
        name, scope_map = text(value, "name"), value.get("scopeMap")
        if scope_map is not None and (scope_map not in maps or "actions" in value):
            raise ValueError(f"the token {name} has either actions or a scopeMap, which is one of {', '.join(maps)}")
        rights = maps[scope_map] if scope_map is not None else _of(value["actions"])
        return cls(name, scope_map, rights, passwords, choice(value, "status", STATUSES))


def _of(actions: list[str]) -> Rights:
    """Scope maps cannot give the catalog; the admin account has it (docs: container-registry-authentication)."""
    if not set(actions) <= {"*", *ACTIONS}:
        raise ValueError(f"a token's actions are among {', '.join(sorted({'*', *ACTIONS}))}")
    return Rights.everywhere(Right) if "*" in actions else everywhere(actions)
