"""What ARM refuses: the request to import, the look at it, and the ends that an import comes to, which are told in words alone.

The words are recorded ones or the documentation's (acr.md 2.3). They are believed where they name the service that is in trouble, and of
ARM's own limit of 50 manifests; what an artifact or a registry is like, they are never believed: it is asked (registries/diagnosis.py).
Sources: Azure Resource Manager, "Common error codes"; "Import container images", troubleshooting."""

import re

from registries.refusals.answers import FIREWALL, first_error, network, retry_after, trouble, words_of
from registries.refusals.registry import DISALLOWED
from registries.wire import Answer
from replication.failures import Code, Failure, Kind, said
from replication.targets import Source, Target
from replication.texts import LOGIN_SERVER

NOT_ADMITTED = {"AuthorizationFailed", "LinkedAuthorizationFailed", "AuthenticationFailed"}  # of whoever asks, not of the import
UNKNOWN_RESOURCE = {"ResourceNotFound", "ResourceGroupNotFound", "SubscriptionNotFound", "ParentResourceNotFound", "InvalidSubscriptionId"}
UNFIT_TOKEN: dict[str, tuple[Code, str]] = {
    "InvalidAuthenticationTokenAudience": ("audience_wrong", "ARM there takes tokens of another audience: check the target's cloud."),
    "InvalidAuthenticationTokenTenant": ("tenant_wrong", "The subscription belongs to another tenant: check tenantId and registry."),
}  # fmt: skip
STALE_TOKEN = {"ExpiredAuthenticationToken", "InvalidAuthenticationToken"}
_ACTION = re.compile(r"perform action '([A-Za-z0-9./]{1,200})'")
_DENIED_BY = re.compile(r"Access to (\S{1,259}) denied", re.IGNORECASE)
_TOO_MANY = re.compile(r"\b50\b.{0,40}manifests|manifests.{0,40}\b50\b", re.IGNORECASE)
_PREFIX = re.compile(r"Operation registries-\S{1,80} failed\. (Resource \S{1,400} )?")  # which would leave no room for what it is about
_SOURCE_REFUSED = ("UNAUTHORIZED", "authentication required")
_BLOBS = ("Error copying blobs", "RFC 7233", "Unexpected response status code", "Unexpected length of body")


def arm_refusal(answer: Answer, target: Target, doing: str) -> Failure:
    """Of whoever asks: 401, 403, and trouble on the way."""
    code, message = first_error(answer.body)
    name = f"ARM of {target.name}"
    if code in UNFIT_TOKEN:
        meant, hint = UNFIT_TOKEN[code]
        return Failure(kind="denied", code=meant, doing=doing, said=words_of(answer), hint=hint)
    if (blocked := network(answer, doing, name, target.registry.name)) is not None:
        return blocked
    if answer.status not in (401, 403):
        return trouble(answer, doing, name)
    if code in STALE_TOKEN:
        hint = (
            f"{name} does not take a token that was just given: is the clock of the app's host right, and do authority and resourceManager"
            " of the target's cloud belong together? It is tried again by itself."
        )
        return Failure(kind="transient", code="arm_denied", doing=doing, said=words_of(answer), hint=hint)
    action = found[1] if (found := _ACTION.search(message)) else "the actions of infra/role.json"
    hint = (
        f"Give the application {target.client_id} the replication role, with {action}: az role assignment create --assignee"
        f" {target.client_id} --role <the role of infra/role.json> --scope {target.registry}. A new assignment takes some minutes."
    )
    after = retry_after(answer.headers)
    return Failure(kind="denied", code="arm_denied", doing=doing, said=words_of(answer), hint=hint, retry_after=after)


def post_refusal(answer: Answer, target: Target, source: Source, doing: str) -> Failure:
    """Of the request to import."""
    code, _ = first_error(answer.body)
    if answer.status == 404 and code in UNKNOWN_RESOURCE:  # ARM's own, not a page of what stands before it
        hint = (
            f"Check registry and cloud of the target {target.name}: az resource show --ids {target.registry}; without registries/read ARM"
            " answers the same."
        )
        return Failure(kind="denied", code="registry_not_found", doing=doing, said=words_of(answer), hint=hint)
    if answer.status == 409 and code == "MissingSubscriptionRegistration":
        hint = (
            "That subscription was never used for registries: az provider register --namespace Microsoft.ContainerRegistry --subscription"
            f" {target.registry.subscription}. It is tried again by itself."
        )
        return Failure(kind="transient", code="import_refused", doing=doing, said=words_of(answer), hint=hint)
    if answer.status == 409:  # something else is being done to the registry
        hint = (
            f"It is tried again by itself; if it lasts: is {target.registry.name} being changed, or under a management lock (az lock list)?"
        )
        return Failure(kind="transient", code="import_refused", doing=doing, said=words_of(answer), hint=hint)
    if (answer.status in (400, 422) and code) or (answer.status == 403 and code and code not in NOT_ADMITTED):
        failure = import_failure(answer, target, source, doing)
        if failure.code != "import_failed":
            return failure
        hint = "ARM does not take such an import, whoever asks: its words name the reason; docs/troubleshooting.md, 'import_refused'."
        return Failure(kind="conflict", code="import_refused", doing=doing, said=failure.said, hint=hint)
    return arm_refusal(answer, target, doing)


def tells_how_it_ended(answer: Answer) -> bool:
    """Whatever its status: an import that ended in an internal error is told by a 500 for good, as is an ARM that is down for now."""
    return _PREFIX.match(first_error(answer.body)[1]) is not None


def turned_away(answer: Answer) -> bool:
    """Whether that answer to a request to import is proof that it started none. A gateway's 502 or 504, and a 500, tell nothing of what
    went on behind them, nor does a success that is not ARM's. A 503 with Retry-After is the service's own word that it did not take the
    request, and when to send it again (RFC 9110, 15.6.4; Resource Manager, "Common error codes"); if that is wrong for once, a second
    import by digest brings the same content, while waiting for the unknown one would hold up every import of a busy hour."""
    refused = 400 <= answer.status < 500 and answer.status != 408
    return refused or (answer.status == 503 and retry_after(answer.headers) is not None)


def import_failure(answer: Answer, target: Target, source: Source, doing: str) -> Failure:
    """How the copying ended: the poll is no success, and its text is all there is."""
    told, message = first_error(answer.body)
    kind, code, hint = _end(message, target, source)
    words = said(f"{answer.status} {told}: {_PREFIX.sub('', message)}") if told else words_of(answer)
    return Failure(kind=kind, code=code, doing=doing, said=words, hint=hint)


def _end(message: str, target: Target, source: Source) -> tuple[Kind, Code, str]:
    if any(text in message for text in _SOURCE_REFUSED):
        return (
            "denied",
            "source_denied",
            f"ARM of {target.name} could not pull with the token {(target.source_token or source.token).name}: check it and its scope map.",
        )
    if (hint := _not_let_in(message, target, source)) is not None:
        return "denied", "import_denied", hint
    if DISALLOWED in message.lower():
        hint = f"{target.name} does not take it: a lock, quarantine, soft deletion, or a full registry."
        return "conflict", "disallowed", hint
    if any(text in message for text in _BLOBS):
        hint = (
            f"It is started again by itself. If it lasts: can {target.name}'s cloud reach the source's layers (network rules, data"
            f" endpoints: az acr show-endpoints --name {source.registry.name})? A proxy before the source must not change them."
        )
        return "transient", "blobs_not_copied", hint
    if _TOO_MANY.search(message):
        hint = "ARM copies at most 50 manifests at once: split the index, or push its parts one by one."
        return "conflict", "too_many_manifests", hint
    hint = "It is started again by itself, unless the source has lost it meanwhile; docs/troubleshooting.md, 'import_failed'."
    return "transient", "import_failed", hint


def _not_let_in(message: str, target: Target, source: Source) -> str | None:
    """What to do where one of the two registries does not let the copying in."""
    if rule := FIREWALL.search(message):
        return (
            f"A registry's network rules do not admit {rule[1]}, from where ARM of {target.name} copies: az acr network-rule add --name"
            f" {source.registry.name} --ip-address {rule[1]} (it may be another the next time)."
        )
    if denied := _DENIED_BY.search(message):
        which = denied[1] if LOGIN_SERVER.fullmatch(denied[1]) else "One of the registries"  # whatever else: a URL may hold a signature
        return (
            f"{which} does not let the copying in. Source: do its network rules admit the target's cloud, and does its policy let"
            f" images out (az acr update --name {source.registry.name} --allow-exports true)? Target: az acr update --name"
            f" {target.registry.name} --allow-trusted-services true."
        )
    return None
