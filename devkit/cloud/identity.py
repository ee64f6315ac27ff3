"""Who may do what on the registry: repository tokens by their actions, principals by their roles."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from devkit.cloud.config import CloudConfig, Principal, RepositoryToken
from devkit.cloud.entra.apps import Apps
from devkit.cloud.rights import Right
from devkit.cloud.roles import Mode


@dataclass(frozen=True, slots=True)
class Identity:
    name: str  # the repository token's name, or the principal's client id
    rights: frozenset[Right]
    principal: bool = False  # its rights are by roles


class Directory:
    """Everyone the registry knows, by name. Asked again at every call: a right taken away is gone at once."""

    def __init__(self, config: CloudConfig, apps: Apps) -> None:
        self._apps = apps
        self._principals = {principal.client_id: _of_principal(principal, config.registry.role_mode) for principal in config.everyone}
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
    if "*" in token.actions:
        return Identity(token.name, frozenset(Right))
    rights = {Right(action) for action in token.actions}
    return Identity(token.name, frozenset(rights | ({Right.UNTAG} if Right.DELETE in rights else set())))


def _of_principal(principal: Principal, mode: Mode) -> Identity:
    return Identity(principal.client_id, principal.grants.on_data_plane(mode), principal=True)
