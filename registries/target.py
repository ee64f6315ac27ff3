"""A target registry: its data plane, entered by an Entra token of its own cloud and tenant."""

from registries.credentials import EntraCredential
from registries.diagnosis import SoftDeletes, nobody_knows
from registries.entratokens import EntraTokens, Exchange
from registries.refusals import ROLE_ACTIONS, Side
from registries.registry import Registry
from registries.wire import Wire
from replication.failures import Failure, Refused
from replication.references import Repository
from replication.targets import Target


def target_registry(
    target: Target, wire: Wire, credential: EntraCredential, soft_deletes: SoftDeletes = nobody_knows
) -> tuple[Registry, EntraTokens]:
    side = Side(
        name=str(target),
        registry=target.registry.name,
        denied="target_denied",
        denied_hint=f"Give the application {target.client_id} the replication role on that registry (infra/README.md lists its actions), or"
        f" correct the target's acrAudience (now {target.cloud.acr_audience}) or its tenantId.",
        lacking="target_right_missing",
        lacking_hint=f"The role of the application {target.client_id} on {target.registry.name} lacks {{right}}, needed for {{repository}}:"
        " az role definition update --role-definition <the role of infra/role.json>; then push again.",
        rights=ROLE_ACTIONS,
    )
    exchange = Exchange(
        login_server=target.login_server, audience=target.cloud.acr_audience, who=target.client_id, tenant_id=target.tenant_id
    )
    tokens = EntraTokens(exchange, side, wire, credential)
    return Registry(side, wire, tokens, lambda repository: place_of(repository, target), soft_deletes), tokens


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
