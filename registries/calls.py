"""One call of a registry's data plane: with a token, and, where it is refused, with what is needed to say why."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from registries.diagnosis import Act, Attributes, SoftDeletes, Suspect, attributes_in, held_back
from registries.refusals import Side, first_error, is_disallowed, is_refused, proves_absence, refusal, right_missing
from registries.refusals.answers import not_understood
from registries.tokens import Token, Tokens
from registries.wire import Answer, Wire
from replication.failures import Failure, Refused
from replication.references import Digest, Repository, Tag

ACTS: Mapping[str, Act] = {"GET": "read", "PUT": "put", "DELETE": "delete"}


class Calls:
    """Methods raise `Refused`. Repositories are called as the registry calls them."""

    def __init__(self, side: Side, wire: Wire, tokens: Tokens, soft_deletes: SoftDeletes) -> None:
        self._side = side
        self._wire = wire
        self._tokens = tokens
        self._soft_deletes = soft_deletes

    async def send(
        self,
        method: str,
        path: str,
        scope: str,
        doing: str,
        headers: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
        tries: int = 2,
    ) -> Answer:
        """With a token; one that is refused (revoked, or its key rotated) is renewed once. Not for a change: what it rests on was looked at
        right before, so with a new token the whole step is taken again. A HEAD's refusal has no words, so a GET is asked for them."""
        for _ in range(tries):
            token = await self._tokens.get(scope)
            given = {**(headers or {}), "Authorization": f"Bearer {token.value.reveal()}"}
            answer = await self._wire.send(method, path, doing=doing, headers=given, content=content)
            if not is_refused(answer):
                break
            self._tokens.forget(scope, token)
        if is_refused(answer):
            raise Refused(self._turned_away(answer, scope, token, doing))
        if method == "HEAD" and 400 <= answer.status < 500 and answer.status not in (404, 408, 429):
            return await self.send("GET", path, scope, doing, headers)
        if is_disallowed(answer):
            raise Refused(await self._explained(refusal(answer, self._side, doing), method, path, content))
        if answer.status in (401, 403, 407, 408, 429) or answer.status >= 500:
            raise Refused(refusal(answer, self._side, doing))
        return answer

    async def explain(self, refused: Failure, suspect: Suspect) -> Failure:
        """A `disallowed`, told as what it is."""
        return await held_back(refused, suspect, self._side, self._attributes_in(suspect.repository), self._soft_deletes)

    def _turned_away(self, answer: Answer, scope: str, token: Token, doing: str) -> Failure:
        """A token that was given a moment ago proves that the credential is good: the right is missing, to this repository. Unless the
        registry says that the token itself is bad (RFC 6750, 3.1); and an older one may have been revoked, or be from before a right was
        given."""
        if token.just_obtained and 'error="invalid_token"' not in answer.headers.get("WWW-Authenticate", ""):
            return right_missing(answer, self._side, scope, doing)
        hint = f"The token was refused before its time; the step is taken again with a new one. {self._side.denied_hint}"
        return replace(refusal(answer, self._side, doing), kind="transient", code=self._side.denied, hint=hint)

    async def _explained(self, refused: Failure, method: str, path: str, content: bytes | None) -> Failure:
        """What holds back a manifest that is put, deleted or read."""
        name, manifests, reference = path.removeprefix("/v2/").rpartition("/manifests/")
        if not manifests:
            return refused
        tag, digest = (None, Digest.parse(reference)) if ":" in reference else (Tag.parse(reference), None)
        if content is not None:
            digest = Digest(hashlib.sha256(content).hexdigest())
        return await self.explain(refused, Suspect(Repository(name), tag, digest, ACTS[method]))

    def _attributes_in(self, repository: Repository) -> Attributes:
        """Data-plane API 2021-07-01: attributes of a tag, a manifest or (None) the repository; None when it is absent."""

        async def ask(reference: Tag | Digest | None) -> Mapping[str, Any] | None:
            what = "" if reference is None else f"/_manifests/{reference}" if isinstance(reference, Digest) else f"/_tags/{reference}"
            doing = f"read the attributes of {repository} in {self._side.name}"
            answer = await self.send("GET", f"/acr/v1/{repository}{what}", f"repository:{repository}:metadata_read", doing)
            if proves_absence(answer) or (answer.status == 404 and first_error(answer.body)[0] == "TAG_UNKNOWN"):
                return None
            if answer.status != 200:
                raise Refused(refusal(answer, self._side, doing))
            if (described := attributes_in(answer.body)) is None:
                raise Refused(not_understood(doing, "the attributes are not as documented", self._side.name))
            return described

        return ask
