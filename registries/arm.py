"""Import one artifact into a target registry: ask ARM to start, then ask, once per call, whether it has ended.

The service copies from registry to registry; no layer passes through this app. Always by digest and untagged: an import by tag races with a
moving tag, and one that carries a tag may land long after its run and turn the tag back. A started import outlives us, so the path and
query of its operation are returned and anyone may look later; the host is the settings'. An operation that ARM no longer knows is unknown,
not failed: the digest tells. Source: Registries - Import Image, api-version 2025-11-01; "Track asynchronous Azure operations"."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from azure.core.rest import HttpRequest

from registries.credentials import EntraCredential
from registries.egress import through, transport
from registries.keyvault import require_resolved
from registries.refusals import Side, first_error, refusal, retry_after
from registries.registry import artifact
from registries.target import place_of
from registries.wire import Answer, whole_answer
from replication.failures import Failure, Kind, Refused, said
from replication.references import Digest, Repository
from replication.targets import Source, Target

if TYPE_CHECKING:
    from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient

DEFAULT_RETRY_AFTER = 10.0  # seconds; what ARM answers when it answers any
API = "2025-11-01"
PLAIN = {"Accept-Encoding": "identity"}
LONGEST_OPERATION = 16_384  # characters of path and query; ARM's are about 3,500
NOT_ADMITTED = {"AuthorizationFailed", "LinkedAuthorizationFailed", "AuthenticationFailed"}  # ARM's own, of whoever polls
SOURCE_REFUSED = ("UNAUTHORIZED", "authentication required")  # in the text of an import that the source did not let in


@dataclass(frozen=True, slots=True)
class ImportState:
    """`operation`: path and query to ask at; None when ARM named none that is its own, so that only the target's data plane can tell."""

    state: Literal["running", "ended", "failed"]
    operation: str | None = None
    retry_after: float = DEFAULT_RETRY_AFTER
    failure: Failure | None = None  # of the import, when it failed


class TargetImports:
    def __init__(self, target: Target, source: Source, credential: EntraCredential) -> None:
        self._target = target
        self._source = source
        self._token = target.source_token or source.token
        self._credential = credential
        self._client: ContainerRegistryManagementClient | None = None
        self._side = Side(
            f"ARM of {target.name}",
            "arm_denied",
            f"Give the application {target.client_id} the replication role on {target.registry} (infra/README.md lists its actions); a new"
            " assignment takes some minutes.",
        )

    async def begin(self, repository: Repository, digest: Digest) -> ImportState:
        """One POST, never repeated here. Raises `Refused`."""
        doing = f"import {artifact(repository, digest)} into {self._target}"
        require_resolved(self._token.password, self._token.setting, doing)
        body: dict[str, Any] = {
            "source": {
                "registryUri": self._source.login_server,
                "sourceImage": f"{repository}@{digest}",
                "credentials": {"username": self._token.name, "password": self._token.password.reveal()},
            },
            "targetTags": [],
            "untaggedTargetRepositories": [str(place_of(repository, self._target))],
            "mode": "Force",
        }
        request = HttpRequest(
            "POST",
            f"https://{self._host}{quote(str(self._target.registry))}/importImage",
            params={"api-version": API},
            headers=PLAIN,
            json=body,
        )
        answer = await self._send(request, doing)
        if answer.status not in (200, 202):
            raise Refused(self._refused(answer, doing))
        return ImportState("ended") if answer.status == 200 else self._running(answer, None)

    async def look_at(self, operation: str, repository: Repository, digest: Digest) -> ImportState:
        """One GET. Raises `Refused` when ARM did not tell."""
        doing = f"ask how the import of {artifact(repository, digest)} into {self._target} stands"
        if not operation.startswith("/") or operation.startswith("//") or len(operation) > LONGEST_OPERATION:
            return ImportState("ended")  # nothing that ARM named
        quoted = operation.replace("{", "%7B").replace("}", "%7D")  # the SDK takes braces for places to fill in
        answer = await self._send(HttpRequest("GET", f"https://{self._host}{quoted}", headers=PLAIN), doing)
        if answer.status == 202:
            return self._running(answer, operation)
        code, _ = first_error(answer.body)
        not_admitted = answer.status == 403 and (not code or code in NOT_ADMITTED)  # else it is how the copying ended
        if not_admitted or answer.status in (401, 408, 429) or answer.status >= 500:
            raise Refused(refusal(answer, self._side, doing))
        if answer.status in (200, 204, 404):
            return ImportState("ended") if not code or answer.status == 404 else self._failed(answer, doing)
        return self._failed(answer, doing)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def _host(self) -> str:
        return urlsplit(self._target.cloud.resource_manager).netloc

    def _sdk(self) -> "ContainerRegistryManagementClient":
        if self._client is None:
            from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient

            self._client = ContainerRegistryManagementClient(
                self._credential.sdk,
                self._target.registry.subscription,
                self._target.cloud.resource_manager,
                credential_scopes=[f"{self._target.cloud.arm_audience}/.default"],
                retry_total=0,  # a POST sent twice starts two imports
                permit_redirects=False,
                transport=transport(self._target.egress, str(self._target)),
            )
        return self._client

    async def _send(self, request: HttpRequest, doing: str) -> Answer:
        """By the SDK's pipeline, as a stream: its own methods read an answer whole, take every refusal for JSON, and on one of them
        register the resource provider in the subscription. Entra is asked first, so that its refusals are told as such."""
        await self._credential.token(self._target.cloud.arm_audience)
        return await whole_answer(self._sdk().send_request(request, stream=True), through(self._host, self._target.egress), doing)

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

    def _refused(self, answer: Answer, doing: str) -> Failure:
        """Of the POST itself."""
        code, message = first_error(answer.body)
        words = said(f"{answer.status} {code}: {message}")
        if answer.status == 404 and code:  # ARM's own, not a page of what stands before it
            hint = f"Check the target's registry id ({self._target.registry}) and cloud; without registries/read ARM answers the same."
            return Failure(kind="denied", code="registry_not_found", doing=doing, said=words, hint=hint)
        if answer.status in (400, 409, 422):
            kind: Kind = "transient" if answer.status == 409 else "conflict"  # 409: something else is being done to the registry
            hint = "ARM does not take such an import; docs/troubleshooting.md tells the known reasons."
            return Failure(kind=kind, code="import_refused", doing=doing, said=words, hint=hint)
        return refusal(answer, self._side, doing)

    def _failed(self, answer: Answer, doing: str) -> ImportState:
        """The operation ended badly: its poll is no success, and its text is all there is."""
        code, message = first_error(answer.body)
        doing = doing.replace("ask how the import of ", "import ").removesuffix(" stands")
        words = said(f"{answer.status} {code}: {message}")
        if any(text in message for text in SOURCE_REFUSED):
            hint = (
                f"ARM of {self._target.name} could not pull as {self._token.name}: check that token's password in {self._token.setting} and"
                " its scope map, and that the source admits that cloud."
            )
            return ImportState("failed", failure=Failure(kind="denied", code="source_denied", doing=doing, said=words, hint=hint))
        hint = "It is started again by itself; docs/troubleshooting.md tells the known reasons."
        return ImportState("failed", failure=Failure(kind="transient", code="import_failed", doing=doing, said=words, hint=hint))
