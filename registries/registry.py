"""A registry's data plane, as far as replication needs it: our own small client, since the SDK's never expires its refresh token, has no
HEAD, and asks three times for each call.

Sources: OCI distribution-spec; Azure/acr docs/AAD-OAuth.md for scopes; data-plane API 2021-07-01 for untagging."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from registries.calls import Calls
from registries.diagnosis import SCHEMA_1, SoftDeletes, Suspect, nobody_knows
from registries.lists import Lists
from registries.manifests import ACCEPT, INDEX_MEDIA_TYPES, Manifest
from registries.refusals import Side, first_error, proves_absence, refusal
from registries.refusals.answers import not_understood
from registries.tokens import Tokens
from registries.wire import Answer, Wire
from replication.failures import Failure, Refused, said
from replication.references import Digest, InvalidReference, Repository, Tag

OTHER_ALGORITHMS = ("sha512", "sha384", "blake3")  # OCI image-spec, "Registered algorithms", and one that is about to be
PUSH, DELETE = "pull,push", "delete"  # the actions of scopes

Reference = Tag | Digest


@dataclass(frozen=True, slots=True)
class Found:
    digest: Digest
    media_type: str  # as the Content-Type says

    @property
    def index(self) -> bool:
        return self.media_type in INDEX_MEDIA_TYPES


def _unchanged(repository: Repository) -> Repository:
    return repository


class Registry:
    """Methods raise `Refused` for everything but what they promise, and take the source's names of repositories: `place_of` says where this
    registry keeps one."""

    def __init__(
        self,
        side: Side,
        wire: Wire,
        tokens: Tokens,
        place_of: Callable[[Repository], Repository] = _unchanged,
        soft_deletes: SoftDeletes = nobody_knows,
    ) -> None:
        self.side = side
        self._place_of = place_of
        self._calls = Calls(side, wire, tokens, soft_deletes)
        self._send = self._calls.send
        self._tokens = tokens
        self.lists = Lists(side, self._send, place_of)

    async def find(self, repository: Repository, reference: Reference, *, prove: bool = False, gone: bool = False) -> Found | None:
        """HEAD (distribution-spec, "Checking if content exists"), which unlike a GET is not counted as a pull. A HEAD's 404 has no body: it
        may start an import, and proves no absence. With `prove`, None is proven by a GET that answers the registry's own code. `gone`: as
        `prove`, of what is most likely absent, so the GET comes at once."""
        repository = self._place_of(repository)
        doing = f"look at {artifact(repository, reference)} in {self.side.name}"
        path, scope = _manifest_path(repository, reference), f"repository:{repository}:pull"
        if not gone:
            answer = await self._send("HEAD", path, scope, doing, {"Accept": ACCEPT})
            if answer.status != 404:
                return self._found(answer, reference, doing)
            if not prove:
                return None
        doing = f"prove that {artifact(repository, reference)} is absent in {self.side.name}"
        answer = await self._send("GET", path, scope, doing, {"Accept": ACCEPT})
        return None if proves_absence(answer) else self._found(answer, reference, doing)

    async def resolve(self, repository: Repository, reference: Reference) -> Digest | None:
        found = await self.find(repository, reference)
        return None if found is None else found.digest

    async def resolve_with_proof(self, repository: Repository, reference: Reference) -> Digest | None:
        found = await self.find(repository, reference, prove=True)
        return None if found is None else found.digest

    async def prepare(self, repository: Repository, actions: str) -> None:
        """Have the token at hand, so that nothing comes between a last look elsewhere and the call that rests on it."""
        await self._tokens.get(f"repository:{self._place_of(repository)}:{actions}")

    async def manifest(self, repository: Repository, reference: Reference) -> Manifest | None:
        """The bytes, which hash to the digest that was asked for or told; None when the registry's own code says that they are absent."""
        repository = self._place_of(repository)
        doing = f"read {artifact(repository, reference)} from {self.side.name}"
        answer = await self._send("GET", _manifest_path(repository, reference), f"repository:{repository}:pull", doing, {"Accept": ACCEPT})
        if proves_absence(answer):
            return None
        if answer.status != 200:
            raise Refused(refusal(answer, self.side, doing))
        if media_type_of(answer).startswith(SCHEMA_1):  # signed ones do not even hash to their digest
            raise Refused(_unsupported(doing, "it is a manifest of Docker schema 1"))
        self._require_known_algorithm(answer, doing)
        told = reference if isinstance(reference, Digest) else _parsed_digest(answer.headers.get("Docker-Content-Digest"))
        if (hashed := Digest(hashlib.sha256(answer.body).hexdigest())) != told:
            raise Refused(self._unexpected(doing, f"the bytes hash to {hashed}"))
        try:
            return Manifest.parse(answer.body, media_type_of(answer))
        except InvalidReference as error:
            words = said(error)
        raise Refused(_unsupported(doing, words))

    async def put_manifest(self, repository: Repository, reference: Reference, manifest: Manifest) -> None:
        """distribution-spec, "Pushing manifests"."""
        repository = self._place_of(repository)
        doing = f"put {artifact(repository, reference)} into {self.side.name}"
        path, scope = _manifest_path(repository, reference), f"repository:{repository}:{PUSH}"
        answer = await self._send("PUT", path, scope, doing, {"Content-Type": manifest.media_type}, content=manifest.content, tries=1)
        if answer.status != 201:
            raise Refused(refusal(answer, self.side, doing))

    async def delete_manifest(self, repository: Repository, digest: Digest) -> bool:
        """With every tag that points at it. False when it was absent already."""
        repository = self._place_of(repository)
        doing = f"delete {artifact(repository, digest)} in {self.side.name}"
        answer = await self._send("DELETE", _manifest_path(repository, digest), f"repository:{repository}:{DELETE}", doing, tries=1)
        if proves_absence(answer):
            return False
        if answer.status != 202:
            raise Refused(refusal(answer, self.side, doing))
        return True

    async def untag(self, repository: Repository, tag: Tag) -> bool:
        """`DELETE /acr/v1/{name}/_tags/{tag}`: the manifest stays. False when there was no such tag."""
        repository = self._place_of(repository)
        doing = f"untag {artifact(repository, tag)} in {self.side.name}"
        answer = await self._send("DELETE", f"/acr/v1/{repository}/_tags/{tag}", f"repository:{repository}:{DELETE}", doing, tries=1)
        if proves_absence(answer) or (answer.status == 404 and first_error(answer.body)[0] == "TAG_UNKNOWN"):
            return False
        if answer.status != 202:
            raise Refused(refusal(answer, self.side, doing))
        return True

    async def explain(self, refused: Failure, repository: Repository, digest: Digest) -> Failure:
        """A `disallowed`, of what was to be brought here, told as what it is."""
        return await self._calls.explain(refused, Suspect(self._place_of(repository), None, digest, "put"))

    def _found(self, answer: Answer, reference: Reference, doing: str) -> Found:
        if answer.status != 200:
            raise Refused(refusal(answer, self.side, doing))
        self._require_known_algorithm(answer, doing)
        digest = _parsed_digest(answer.headers.get("Docker-Content-Digest"))
        if digest is None or (isinstance(reference, Digest) and digest != reference):
            raise Refused(self._unexpected(doing, f"Docker-Content-Digest is {answer.headers.get('Docker-Content-Digest')!r}"))
        return Found(digest, media_type_of(answer))

    def _require_known_algorithm(self, answer: Answer, doing: str) -> None:
        algorithm, colon, _ = answer.headers.get("Docker-Content-Digest", "").partition(":")
        if colon and algorithm in OTHER_ALGORITHMS:
            raise Refused(_unsupported(doing, f"its digest is one by {algorithm}"))

    def _unexpected(self, doing: str, what: str) -> Failure:
        return not_understood(doing, what, self.side.name)


def _unsupported(doing: str, words: str) -> Failure:
    hint = "Such an artifact cannot be replicated: build it anew, with sha256 digests alone, or leave it out by the target's filters."
    return Failure(kind="conflict", code="artifact_unsupported", doing=doing, said=words, hint=hint)


def artifact(repository: Repository, reference: Reference) -> str:
    """`team/app:v1`, `team/app@sha256:1f2e…`."""
    return f"{repository}@{reference.short}…" if isinstance(reference, Digest) else f"{repository}:{reference}"


def media_type_of(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip()


def _manifest_path(repository: Repository, reference: Reference) -> str:
    return f"/v2/{repository}/manifests/{reference}"


def _parsed_digest(text: str | None) -> Digest | None:
    try:
        return Digest.parse(text)
    except InvalidReference:
        return None
