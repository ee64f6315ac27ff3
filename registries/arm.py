"""Import one artifact into a target registry: ask ARM to start, then ask, once per call, whether it has ended.

The service copies from registry to registry; no layer passes through this app. Always by digest and untagged: an import by tag races with a
moving tag, and one that carries a tag may land long after its run and turn the tag back. A started import outlives us, so the path and
query of its operation are returned and anyone may look later; the host is the settings'. An operation that ARM no longer knows is unknown,
not failed: the digest tells. Source: Registries - Import Image, api-version 2025-11-01; "Track asynchronous Azure operations"."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from registries.armclient import ArmClient
from registries.diagnosis import import_failed
from registries.refusals import first_error, retry_after
from registries.refusals.arm import NOT_ADMITTED, arm_refusal, import_failure, post_refusal, tells_how_it_ended, turned_away
from registries.registry import Registry, artifact
from registries.source import SourceTokens
from registries.target import place_of
from registries.wire import Answer
from replication.failures import Failure, NoAnswer, Refused
from replication.references import Digest, Repository
from replication.targets import Source, Target

DEFAULT_RETRY_AFTER = 10.0  # seconds; what ARM answers when it answers any
LONGEST_OPERATION = 16_384  # characters of path and query; ARM's are about 3,500


@dataclass(frozen=True, slots=True)
class ImportState:
    """`operation`: path and query to ask at; None when ARM named none that is its own, so that only the target's data plane can tell."""

    state: Literal["running", "ended", "failed"]
    operation: str | None = None
    retry_after: float = DEFAULT_RETRY_AFTER
    failure: Failure | None = None  # of the import, when it failed


class TargetImports:
    """`here` and `there`: the source, as the token reads it that ARM copies by, and the target: they are asked why an import failed. `pull`
    has that token's password."""

    def __init__(self, target: Target, source: Source, arm: ArmClient, *, here: Registry, there: Registry, pull: SourceTokens) -> None:
        self._target = target
        self._source = source
        self._token = target.source_token or source.token
        self._arm = arm
        self._here = here
        self._there = there
        self._pull = pull

    async def begin(self, repository: Repository, digest: Digest) -> ImportState:
        """One POST, never repeated here. Raises `Refused`, as `NoAnswer` where it may have started an import all the same."""
        doing = f"import {artifact(repository, digest)} into {self._target}"
        password = await self._pull.password(doing)
        body: dict[str, Any] = {
            "source": {
                "registryUri": self._source.login_server,
                "sourceImage": f"{repository}@{digest}",
                "credentials": {"username": self._token.name, "password": password.reveal()},
            },
            "targetTags": [],
            "untaggedTargetRepositories": [str(place_of(repository, self._target))],
            "mode": "Force",
        }
        answer = await self._arm.import_image(body, doing)
        if answer.status not in (200, 202):
            failure = await self._explained(post_refusal(answer, self._target, self._source, doing), repository, digest)
            raise Refused(failure) if turned_away(answer) else NoAnswer(failure, sent=True)
        return ImportState("ended") if answer.status == 200 else self._running(answer, None)

    async def look_at(self, operation: str, repository: Repository, digest: Digest) -> ImportState:
        """One GET. Raises `Refused` when ARM did not tell."""
        doing = f"ask how the import of {artifact(repository, digest)} into {self._target} stands"
        if not operation.startswith("/") or operation.startswith("//") or len(operation) > LONGEST_OPERATION:
            return ImportState("ended")  # nothing that ARM named
        answer = await self._arm.operation(operation, doing)
        if answer.status == 202:
            return self._running(answer, operation)
        code, _ = first_error(answer.body)
        not_admitted = answer.status == 403 and (not code or code in NOT_ADMITTED)  # else it is how the copying ended
        untold = answer.status >= 500 and not tells_how_it_ended(answer)
        if not_admitted or untold or answer.status in (401, 407, 408, 429):
            raise Refused(arm_refusal(answer, self._target, doing))
        if answer.status == 404 or (answer.status in (200, 204) and not code):
            return ImportState("ended")
        failed = import_failure(answer, self._target, self._source, f"import {artifact(repository, digest)} into {self._target}")
        return ImportState("failed", failure=await self._explained(failed, repository, digest))

    async def close(self) -> None:
        await self._arm.close()

    async def _explained(self, failed: Failure, repository: Repository, digest: Digest) -> Failure:
        """Where ARM's words name no fix, the registries are asked."""
        match failed.code:
            case "source_denied":
                return await self._by_source(failed, repository, digest)
            case "disallowed":
                return await self._there.explain(failed, repository, digest)
            case "import_failed" | "import_refused":
                return await import_failed(failed, self._here, repository, digest, str(self._target))
        return failed

    async def _by_source(self, failed: Failure, repository: Repository, digest: Digest) -> Failure:
        """What the same token opens for the app tells whether the token is meant, or its right to a repository; or whether it was its
        password of before, which somebody has generated anew."""
        try:
            await self._pull.prove()
            await self._here.find(repository, digest)
        except Refused as refused:
            told = refused.failure
        else:
            hint = "The source takes the token now: its password was generated anew, or is on its way to every replica. It is tried again."
            return replace(failed, kind="transient", hint=f"{hint} If it lasts: {failed.hint}")
        if told.code not in ("source_denied", "source_right_missing"):
            return failed
        return replace(failed, kind=told.kind, code=told.code, hint=told.hint)

    def _running(self, answer: Answer, asked: str | None) -> ImportState:
        """`asked` is where to ask again when the answer does not say."""
        pause = retry_after(answer.headers)
        operation = self._operation(answer.headers.get("Location", "")) or asked
        return ImportState("running", operation, DEFAULT_RETRY_AFTER if pause is None else pause)

    def _operation(self, location: str) -> str | None:
        """Path and query, if it is at the configured ARM: nobody else is sent a token."""
        configured = urlsplit(self._target.cloud.resource_manager)
        try:
            parts = urlsplit(location)
            ours = (parts.scheme, parts.hostname, parts.port or 443) == ("https", configured.hostname, configured.port or 443)
        except ValueError:
            return None
        return f"{parts.path}?{parts.query}" if ours and len(location) < LONGEST_OPERATION else None
