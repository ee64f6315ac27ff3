"""Why something was refused, where the words of the refusal do not tell: the registries are asked, and what they do not tell is not
guessed.

ACR says "operation is disallowed" of a lock, of quarantine, of a digest that is soft-deleted and of a full registry. Attributes tell the
first two; the third needs a digest that is not there and a policy that is on; what is left, of a push, is the last. An import that failed
in unknown words may be of an artifact that ACR is not known to take, which its manifest tells.
Sources: acr.md 2.3, 2.4.4, 5; "Lock a container image"; "Soft delete policy"; data-plane API 2021-07-01 for attributes."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from registries.manifests import Manifest
from registries.refusals import Side
from replication.failures import Failure, Refused
from replication.references import Digest, Repository, Tag

SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1"  # and its signed form, +prettyjws
MOST_CHILDREN = 20  # of an index that are read for what is odd about them
Act = Literal["read", "put", "delete"]
LOCKS: Mapping[Act, tuple[str, ...]] = {"put": ("writeEnabled",), "delete": ("writeEnabled", "deleteEnabled")}  # either keeps from deletion
SoftDeletes = Callable[[], Awaitable[bool | None]]
Attributes = Callable[[Tag | Digest | None], Awaitable[Mapping[str, Any] | None]]  # of a tag, a manifest, or a repository


class Readable(Protocol):
    async def manifest(self, repository: Repository, digest: Digest, /) -> Manifest | None: ...


async def nobody_knows() -> None:
    """Whether a registry keeps what was deleted, where only its owner can ask."""


def attributes_in(body: bytes) -> Mapping[str, Any] | None:
    """The `changeableAttributes` of whatever is described; None when it is not described as documented."""
    try:
        value = json.loads(body)
        described = (value.get("manifest") or value.get("tag") or value)["changeableAttributes"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return described if isinstance(described, dict) else None


@dataclass(frozen=True, slots=True)
class Suspect:
    """What may be held back, by its name at the registry, and what was to be done to it."""

    repository: Repository
    tag: Tag | None
    digest: Digest | None
    act: Act


async def held_back(refused: Failure, suspect: Suspect, side: Side, ask: Attributes, soft_deletes: SoftDeletes) -> Failure:
    """A `disallowed`, told as what it is; as it was, where the registry does not tell."""
    there, digest = True, suspect.digest
    try:
        for reference in dict.fromkeys((None, suspect.tag, digest)):
            attributes = await ask(reference)
            if reference == digest:
                there = attributes is not None
            if found := _said_by(attributes or {}, refused, side, _image(suspect.repository, reference), suspect.act):
                return found
        kept = None if suspect.act != "put" or digest is None else False if there else await soft_deletes()
    except Refused:
        return refused
    return refused if kept is None or digest is None else _left(refused, side, suspect.repository, digest, kept=kept)


def _image(repository: Repository, reference: Tag | Digest | None) -> str:
    """For the Azure command line."""
    if reference is None:
        return f"--repository {repository}"
    return f"--image {repository}{'@' if isinstance(reference, Digest) else ':'}{reference}"


def _said_by(attributes: Mapping[str, Any], refused: Failure, side: Side, image: str, act: Act) -> Failure | None:
    if attributes.get("quarantineState") in ("Quarantined", "Failed"):
        hint = (
            f"{side.name} holds it in quarantine: let the scanner pass it (its state: az acr repository show --name {side.registry} {image}"
            " --query changeableAttributes.quarantineState), or switch the policy off (properties.policies.quarantinePolicy.status), and"
            " push again."
        )
        return replace(refused, code="quarantined", hint=hint)
    if act == "read" and attributes.get("readEnabled") is False:
        hint = f"{side.name} is told not to let it be read: az acr repository update --name {side.registry} {image} --read-enabled true."
        return replace(refused, code="read_locked", hint=hint)
    if act != "read" and any(attributes.get(name) is False for name in LOCKS[act]):
        hint = (
            f"It is locked at {side.name}: leave it as it is, or unlock it with az acr repository update --name {side.registry} {image}"
            " --write-enabled true --delete-enabled true, and push again."
        )
        return replace(refused, code="locked", hint=hint)
    return None


def _left(refused: Failure, side: Side, repository: Repository, digest: Digest, *, kept: bool) -> Failure:
    """Neither lock nor quarantine. `kept`: the digest is not there, and what is deleted there is kept for some days."""
    if kept:
        hint = (
            f"{side.name} deleted it, and takes it again only by restoring: az acr manifest restore --registry {side.registry} --name"
            f" {repository} --digest {digest}, then push again. Is it not in az acr manifest list-deleted? Then the registry is full"
            " (az acr show-usage)."
        )
        return replace(refused, code="soft_deleted", hint=hint)
    hint = (
        f"Nothing of it is locked at {side.name}, so the registry is full or out of service for its owner: az acr show-usage --name"
        f" {side.registry}, then delete what is not needed or raise its tier."
    )
    return replace(refused, kind="denied", code="quota_reached", hint=hint)  # waited for: room is made by somebody


async def import_failed(failed: Failure, source: Readable, repository: Repository, digest: Digest, target: str) -> Failure:
    """One that failed in words that are not known; told by what is odd about the artifact, if anything is."""
    try:
        odd = await _oddity(source, repository, digest)
    except Refused as refused:
        return replace(failed, kind="conflict", code="artifact_unsupported", hint=refused.failure.hint) if _is_odd(refused) else failed
    if odd is None:
        return failed
    hint = f"The artifact has {odd}, which {target} is not known to take: build it anew without, or leave it out by the target's filters."
    return replace(failed, kind="conflict", code="artifact_unsupported", hint=hint)


def _is_odd(refused: Refused) -> bool:
    return refused.failure.code == "artifact_unsupported"


async def _oddity(source: Readable, repository: Repository, digest: Digest) -> str | None:
    manifest = await source.manifest(repository, digest)
    if manifest is None:
        return None
    if (odd := oddity_of(manifest)) is not None:
        return odd
    for child in manifest.children[:MOST_CHILDREN]:
        listed = await source.manifest(repository, child)
        if listed is not None and (odd := oddity_of(listed)) is not None:
            return odd
    return None


def oddity_of(manifest: Manifest) -> str | None:
    for one in _descriptors(manifest.content):
        kind, digest = one.get("mediaType"), one.get("digest")
        if isinstance(kind, str) and ("foreign" in kind or "nondistributable" in kind):
            return "layers that are not to be distributed (foreign layers)"
        if isinstance(digest, str) and not digest.startswith("sha256:"):
            return f"a digest by {digest.partition(':')[0][:20]}"
    return None


def _descriptors(content: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        listed = [value.get(name) for name in ("layers", "blobs")]
        alone = [value.get(name) for name in ("config", "subject")]
        yield from (one for one in (*alone, *(one for many in listed if isinstance(many, list) for one in many)) if isinstance(one, dict))
