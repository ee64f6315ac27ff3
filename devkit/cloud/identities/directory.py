"""Who may do what on the registry: repository tokens by their scope maps, principals by their roles."""

from dataclasses import dataclass

from devkit.cloud.config import CloudConfig
from devkit.cloud.entra.apps import Apps
from devkit.cloud.identities.repositorytokens import RepositoryTokens
from devkit.cloud.identities.rights import Right, Rights


@dataclass(frozen=True, slots=True)
class Identity:
    name: str  # the repository token's name, or the principal's client id
    rights: Rights
    principal: bool = False  # its rights are by roles


ANONYMOUS = Identity("", Rights.everywhere({Right.PULL}))  # docs: anonymous-pull-access


class Directory:
    """Everyone the registry knows, by name. Asked again at every call: a right taken away is gone at once."""

    def __init__(self, config: CloudConfig, apps: Apps, tokens: RepositoryTokens) -> None:
        self.tokens = tokens
        self._apps = apps
        mode = config.registry.role_mode
        self._principals = {
            principal.client_id: Identity(principal.client_id, Rights.everywhere(principal.grants.on_data_plane(mode)), principal=True)
            for principal in config.everyone
        }

    def named(self, name: str) -> Identity | None:
        token = self.tokens.find(name)
        if token is None:
            return self._principals.get(name)
        return Identity(name, token.configured.rights) if token.enabled else None

    def by_password(self, name: str, password: str) -> Identity | None:
        """A repository token, or an application with its secret (docs: container-registry-auth-service-principal)."""
        token = self.tokens.find(name)
        if token is not None:
            return self.named(name) if token.accepts(password) else None
        app = self._apps.find(name)
        return self.named(app.principal.client_id) if app and not app.disabled and app.try_secret(password) == "right" else None
