"""A target registry: its data plane, entered by an Entra token of its own cloud and tenant.

Source: Azure/acr docs/AAD-OAuth.md: an Entra token is exchanged for a refresh token (about three hours), that for an access token of one
scope (about an hour)."""

from registries.credentials import EntraCredential
from registries.refusals import Side
from registries.registry import Registry
from registries.tokenanswers import token_of
from registries.tokens import Token, TokenCache
from registries.wire import Wire
from replication.failures import Failure, Refused
from replication.references import Repository
from replication.targets import Target

REFRESH = "refresh"


class TargetTokens:
    def __init__(self, target: Target, side: Side, wire: Wire, credential: EntraCredential) -> None:
        self._target = target
        self._side = side
        self._wire = wire
        self._credential = credential
        self._refresh = TokenCache(self._exchange)
        self._access = TokenCache(self._fetch)

    async def refresh_token(self) -> Token:
        """The gate: whether Entra knows the principal and the registry takes its token."""
        return await self._refresh.get(REFRESH)

    async def get(self, scope: str) -> Token:
        return await self._access.get(scope)

    def forget(self, scope: str, token: Token) -> None:
        self._access.forget(scope, token)

    async def _exchange(self, _: str) -> Token:
        doing = f"exchange the Entra token of {self._target.client_id} at {self._side.name}"
        entra = await self._credential.token(self._target.cloud.acr_audience)
        form = {
            "grant_type": "access_token",
            "service": self._target.login_server,
            "tenant": self._target.tenant_id,
            "access_token": entra.reveal(),
        }
        return token_of(await self._wire.send("POST", "/oauth2/exchange", doing=doing, data=form), "refresh_token", self._side, doing)

    async def _fetch(self, scope: str) -> Token:
        doing = f"get a token for {scope} from {self._side.name}"
        refresh = await self.refresh_token()
        form = {
            "grant_type": "refresh_token",
            "service": self._target.login_server,
            "scope": scope,
            "refresh_token": refresh.value.reveal(),
        }
        answer = await self._wire.send("POST", "/oauth2/token", doing=doing, data=form)
        if answer.status == 401:
            self._refresh.forget(REFRESH, refresh)  # revoked before its time; the next try exchanges anew
        return token_of(answer, "access_token", self._side, doing)


def target_registry(target: Target, wire: Wire, credential: EntraCredential) -> tuple[Registry, TargetTokens]:
    side = Side(
        str(target),
        "target_denied",
        f"Give the application {target.client_id} the replication role on that registry (infra/README.md lists its actions), or correct"
        f" the target's acrAudience (now {target.cloud.acr_audience}).",
    )
    tokens = TargetTokens(target, side, wire, credential)
    return Registry(side, wire, tokens, lambda repository: place_of(repository, target)), tokens


def place_of(repository: Repository, target: Target) -> Repository:
    """Where a target keeps a repository of the source. Raises `Refused` for one that is out of its scope: the settings have changed since
    the run began, or it would have been left out then."""
    if (place := target.scope.place_of(repository)) is not None:
        return place
    failure = Failure(
        kind="conflict",
        code="settings_invalid",
        doing=f"find {repository} at {target}",
        said="the settings have taken it out of the scope of that target",
        hint="Nothing to do if that was meant; else correct the target's repositories or prefixes, and push again.",
    )
    raise Refused(failure)
