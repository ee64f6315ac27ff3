"""Role definitions, as Azure writes them, and what a principal may do by those assigned to it.

Actions are checked one by one, without case; `*` in one stands for any text. What a role takes out by NotActions another may still give.
Source: "Understand Azure role definitions". Which action lets a caller do what on a registry's data plane depends on the registry's mode
(acr.md 7.1, 7.2): control-plane actions count in one, data actions in the other, and only those."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from devkit.cloud.identities.rights import Right

Mode = Literal["LegacyRegistryPermissions", "AbacRepositoryPermissions"]
MODES: tuple[Mode, ...] = ("LegacyRegistryPermissions", "AbacRepositoryPermissions")
_LISTS = ("actions", "notactions", "dataactions", "notdataactions")
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
# docs: container-registry-rbac-custom-roles; container-registry-rbac-built-in-roles-directory-reference
GIVES: Mapping[Mode, Mapping[str, frozenset[Right]]] = {
    "LegacyRegistryPermissions": {
        f"{_REGISTRIES}/pull/read": frozenset({Right.PULL, Right.METADATA_READ, Right.CATALOG}),
        f"{_REGISTRIES}/push/write": frozenset({Right.PUSH}),
        f"{_REGISTRIES}/artifacts/delete": frozenset({Right.DELETE, Right.UNTAG, Right.METADATA_WRITE}),
    },
    "AbacRepositoryPermissions": {
        f"{_REGISTRIES}/catalog/read": frozenset({Right.CATALOG}),
        f"{_REGISTRIES}/repositories/content/read": frozenset({Right.PULL}),
        f"{_REGISTRIES}/repositories/content/write": frozenset({Right.PUSH}),
        f"{_REGISTRIES}/repositories/content/delete": frozenset({Right.DELETE}),
        f"{_REGISTRIES}/repositories/metadata/read": frozenset({Right.METADATA_READ}),
        f"{_REGISTRIES}/repositories/metadata/write": frozenset({Right.METADATA_WRITE}),
        f"{_REGISTRIES}/repositories/metadata/delete": frozenset({Right.UNTAG}),
    },
}


@dataclass(frozen=True, slots=True)
class Permission:
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Names are taken in the two spellings of Azure: `Actions` of the command line, `actions` of the API."""
        found = {name.lower(): _texts(given, name) for name, given in value.items() if name.lower() in _LISTS}
        return cls(*(found.get(name, ()) for name in _LISTS))

    def allows(self, action: str, *, data: bool) -> bool:
        given, taken = (self.data_actions, self.not_data_actions) if data else (self.actions, self.not_actions)
        return _any(given, action) and not _any(taken, action)


@dataclass(frozen=True, slots=True)
class Grants:
    """Everything that is assigned to one principal."""

    permissions: tuple[Permission, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Of a principal in the settings: `roles` are files, `actions` and `dataActions` are lists."""
        loose = Permission.from_json({name: value.get(name, []) for name in ("actions", "dataActions")})
        files = _texts(value.get("roles", []), "roles")
        return cls((loose, *(one for file in files for one in read_role(file))))

    def allow(self, action: str, *, data: bool = False) -> bool:
        return any(permission.allows(action, data=data) for permission in self.permissions)

    def on_data_plane(self, mode: Mode) -> frozenset[Right]:
        """The rights that its actions give."""
        data = mode == "AbacRepositoryPermissions"
        return frozenset(right for action, rights in GIVES[mode].items() if self.allow(action, data=data) for right in rights)


def read_role(place: str) -> Iterable[Permission]:
    """A role definition as `az role definition create` takes it, or as ARM has it (`properties.permissions`). `FILE#NAME` is the member
    NAME of a file that holds several, as infra/role.json does for the two modes of a registry. Raises `ValueError`."""
    file, _, member = place.partition("#")
    try:
        value = json.loads(Path(file).read_text())
    except OSError as error:
        raise ValueError(f"the role file {file} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ValueError(f"the role file {file} is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError(f"the role file {file} holds no JSON object")
    value = value.get(member) if member else value.get("properties", value)
    if not isinstance(value, dict):
        raise ValueError(f"the role file {file} has no member {member}")
    permissions = [Permission.from_json(one) for one in value.get("permissions", [value])]
    if not any(permission.actions or permission.data_actions for permission in permissions):
        raise ValueError(f"the role file {file} gives no action: it needs Actions or DataActions")
    return permissions


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(value)


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(re.fullmatch(re.escape(one).replace(r"\*", ".*"), action, re.IGNORECASE) for one in patterns)


class Asked:
    """How often each action was asked for since the process began, and with what answer: what shows that a role holds neither too little
    nor too much."""

    def __init__(self, mode: Mode) -> None:
        self._by_right = {right: action for action, rights in GIVES[mode].items() for right in rights}
        self._counts: dict[str, dict[str, int]] = {}

    def note_right(self, right: Right, *, granted: bool) -> None:
        """Of the data plane, where each right is an action's."""
        self.note(self._by_right[right], granted=granted)

    def note(self, action: str, *, granted: bool) -> None:
        counts = self._counts.setdefault(action, {"granted": 0, "denied": 0})
        counts["granted" if granted else "denied"] += 1

    def to_json(self) -> dict[str, dict[str, int]]:
        return dict(sorted(self._counts.items()))
