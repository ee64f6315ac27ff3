"""What a registry's data plane refuses.

Sources: distribution-spec, "Error Codes"; Azure Container Registry, "Delete operation issues" for locks; acr.md 2.3, 5."""

from registries.refusals.answers import first_error, network, retry_after, trouble, words_of
from registries.refusals.side import Side
from registries.wire import Answer
from replication.failures import Failure, Kind

ABSENCE = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}
DISALLOWED = "operation is disallowed"  # what a lock, quarantine, soft deletion or a full quota answers, whatever the status
PART_UNKNOWN = "MANIFEST_BLOB_UNKNOWN"
OLD_FORM = "does not take a manifest of that form (Docker schema 1, or digests other than sha256): build the artifact anew, and push that"
NOT_TAKEN = {  # what a registry says of a manifest that it does not take, and what that means
    PART_UNKNOWN: "does not hold what the manifest names, though it did: does a purge or retention policy run there? Push again",
    "MANIFEST_INVALID": OLD_FORM,
    "MANIFEST_UNVERIFIED": OLD_FORM,
    "DIGEST_INVALID": "takes sha256 digests alone: push the artifact again with those",
    "NAME_INVALID": "does not take that repository's name: rename it at the source, or map it by a prefix of the target",
    "TAG_INVALID": "does not take that tag: push the artifact under another one",
    "SIZE_INVALID": "takes manifests of at most 4 MiB: make the artifact's manifest smaller",
    "UNSUPPORTED": "does not support what the manifest asks for: docs/troubleshooting.md, 'manifest_refused'",
}


def proves_absence(answer: Answer) -> bool:
    """Only a 404 with the registry's own code does; a proxy's page, a refusal or a HEAD never do."""
    return answer.status == 404 and first_error(answer.body)[0] in ABSENCE


def is_disallowed(answer: Answer) -> bool:
    """By a lock, quarantine, soft deletion or a full quota; which of them, the answer does not tell."""
    code, message = first_error(answer.body)
    return code == "REGISTRY_DISALLOWED_OPERATION" or (answer.status in (403, 405, 409) and DISALLOWED in message.lower())


def is_refused(answer: Answer) -> bool:
    """By the registry itself, and for the credential that was given: not by a network rule, a proxy or a lock."""
    return answer.status in (401, 403) and not is_disallowed(answer) and network(answer, "", "", "") is None


def refusal(answer: Answer, side: Side, doing: str) -> Failure:
    """A 401 or 403 is told as the credential's here; whether a repository is meant alone is `right_missing`, once that is known."""
    code, _ = first_error(answer.body)
    after = retry_after(answer.headers)
    if is_disallowed(answer):
        return disallowed(words_of(answer), side, doing)
    if (blocked := network(answer, doing, side.name, side.registry)) is not None:
        return blocked
    if answer.status in (401, 403):
        return Failure(kind="denied", code=side.denied, doing=doing, said=words_of(answer), hint=side.denied_hint, retry_after=after)
    if answer.status == 404:
        hint = f"That is not {side.name}'s own answer, so it proves nothing: see what stands between the app and it (proxy, private DNS)."
        return Failure(kind="transient", code="absence_unproven", doing=doing, said=words_of(answer), hint=hint)
    if answer.status in (400, 405, 413, 415, 422) and code in NOT_TAKEN:
        hint = f"{side.name} {NOT_TAKEN[code]}."
        kind: Kind = "transient" if code == PART_UNKNOWN else "conflict"  # it was verified a moment ago: a replica may lag (DESIGN, rule 8)
        return Failure(kind=kind, code="manifest_refused", doing=doing, said=words_of(answer), hint=hint)
    return trouble(answer, doing, side.name, tiered=True)


def disallowed(words: str, side: Side, doing: str) -> Failure:
    hint = (
        f"Something at {side.name} holds it back, and the app could not learn what: a lock or quarantine (az acr repository show --name"
        f" {side.registry} --image <name>), soft deletion (az acr manifest list-deleted), or a full registry (az acr show-usage)."
    )
    return Failure(kind="conflict", code="disallowed", doing=doing, said=words, hint=hint)


def right_missing(answer: Answer, side: Side, scope: str, doing: str) -> Failure:
    """The credential is known there, and may not do this to that repository. `scope`: `repository:team/app:pull,push`, or
    `registry:catalog:*`."""
    kind, repository, actions = scope.split(":")
    right = side.rights.get(actions.rpartition(",")[2], actions)
    hint = side.lacking_hint.format(right=right, repository=repository if kind == "repository" else f"the {repository}")
    return Failure(kind="conflict", code=side.lacking, doing=doing, said=words_of(answer), hint=hint)
