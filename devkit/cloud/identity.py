"""Who may do what on the registry: repository tokens by their actions, principals by their RBAC actions."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from devkit.cloud.config import CloudConfig, Principal, RepositoryToken
from devkit.cloud.entra.apps import Apps


class Right(StrEnum):
    """What a scope map may allow (docs: container-registry-token-based-repository-permissions), and the catalog, which none can."""

    PULL = "content/read"
    PUSH = "content/write"
    DELETE = "content/delete"
    METADATA_READ = "metadata/read"
    METADATA_WRITE = "metadata/write"
    CATALOG = "catalog/read"


# docs: container-registry-rbac-custom-roles, which tells what each action of a role lets a caller do.
RBAC_RIGHTS = {
    "Microsoft.ContainerRegistry/registries/pull/read": {Right.PULL, Right.METADATA_READ, Right.CATALOG},
    "Microsoft.ContainerRegistry/registries/push/write": {Right.PUSH},
    "Microsoft.ContainerRegistry/registries/artifacts/delete": {Right.DELETE, Right.METADATA_WRITE},
}


@dataclass(frozen=True, slots=True)
class Identity:
    name: str  # the repository token's name, or the principal's client id
    rights: frozenset[Right]


class Directory:
    """Everyone the registry knows, by name. Asked again at every call: a right taken away is gone at once."""

    def __init__(self, config: CloudConfig, apps: Apps) -> None:
        self._apps = apps
        self._principals = {principal.client_id: _of_principal(principal) for principal in config.everyone}
        self._tokens: Mapping[str, tuple[Identity, str]] = {token.name: (_of_token(token), token.password) for token in config.tokens}

    def named(self, name: str) -> Identity | None:
        return self._tokens[name][0] if name in self._tokens else self._principals.get(name)

    def by_password(self, name: str, password: str) -> Identity | None:
        """A repository token, or an application with its secret (docs: container-registry-auth-service-principal)."""
        if name not in self._tokens:
            app = self._apps.find(name)
            return self.named(app.principal.client_id) if app and not app.disabled and app.try_secret(password) == "right" else None
        identity, secret = self._tokens[name]
        return identity if hmac.compare_digest(secret.encode(), password.encode()) else None


def _of_token(token: RepositoryToken) -> Identity:
    """Scope maps cannot give the catalog; "*" stands for the admin account, which has it (docs: container-registry-authentication)."""
    rights = frozenset(Right) if "*" in token.actions else frozenset(Right(action) for action in token.actions)
    return Identity(token.name, rights)


def _of_principal(principal: Principal) -> Identity:
    lower = {action.lower() for action in principal.actions}
    rights = [rights for action, rights in RBAC_RIGHTS.items() if action.lower() in lower or "*" in lower]
    return Identity(principal.client_id, frozenset().union(*rights))
