"""Scopes: what a call needs, what a registry token lets its bearer do.

Source: distribution documentation, "Token Scope Documentation", and Azure/acr docs/AAD-OAuth.md for ACR's own actions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from devkit.cloud.identities.directory import Identity
from devkit.cloud.identities.rights import Right

ACTIONS = {
    "pull": Right.PULL,
    "push": Right.PUSH,
    "delete": Right.DELETE,
    "metadata_read": Right.METADATA_READ,
    "metadata_write": Right.METADATA_WRITE,
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one call requires, and the scope its challenge asks for."""

    right: Right
    repository: str  # empty for the catalog

    @property
    def kind(self) -> str:
        return "registry" if self.right is Right.CATALOG else "repository"

    @property
    def name(self) -> str:
        return "catalog" if self.right is Right.CATALOG else self.repository

    @property
    def scope(self) -> str:
        return f"{self.kind}:{self.name}:{self.actions}"

    @property
    def actions(self) -> str:
        """Docker's clients push with a token that pulls as well, and registries ask for both at once."""
        if self.right is Right.PUSH:
            return "pull,push"
        right = Right.DELETE if self.right is Right.UNTAG else self.right  # acr.md 5: the SDK untags with the scope of a delete
        return next((name for name, one in ACTIONS.items() if one is right), "*")

    def met_by(self, access: Iterable[Mapping[str, Any]]) -> bool:
        """`access` is the claim of a registry token."""
        wanted = self.actions.rpartition(",")[2]
        return any(entry["type"] == self.kind and entry["name"] == self.name and wanted in entry["actions"] for entry in access)


def granted(scopes: Iterable[str], identity: Identity) -> list[dict[str, Any]]:
    """The claim of a new token. What the identity may not do is left out without a word (distribution documentation, "Token
    Authentication Specification": the token carries the intersection); the call that needs it is refused then."""
    return [entry for scope in scopes if (entry := _granted(scope, identity))["actions"]]


def may_all(scopes: Iterable[str], identity: Identity) -> bool:
    """Whether the identity may do all that is asked for, so that nothing would be left out."""
    return all(set(scope.rpartition(":")[2].split(",")) - {"*"} <= set(_granted(scope, identity)["actions"]) for scope in scopes)


def _granted(scope: str, identity: Identity) -> dict[str, Any]:
    kind, _, rest = scope.partition(":")
    name, _, text = rest.rpartition(":")
    asked = set(text.split(","))
    if kind == "registry" and name == "catalog":  # "*" alone: Azure/acr docs/AAD-OAuth.md, "Calling _catalog"
        actions = ["*"] if "*" in asked and Right.CATALOG in identity.rights.on("") else []
    elif kind == "repository":
        held = identity.rights.on(name)
        held |= {Right.DELETE} if Right.UNTAG in held else set()  # one scope for both
        actions = [action for action, right in ACTIONS.items() if (action in asked or "*" in asked) and right in held]
    else:
        actions = []
    return {"type": kind, "name": name, "actions": actions}
