"""ARM of one target: requests by its SDK's pipeline, and the one thing that is read of the registry itself.

As streams: the SDK's own methods read an answer whole, take every refusal for JSON, and on one of them register the resource provider in
the subscription. Source: Registries - Get, api-version 2025-11-01."""

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from azure.core.rest import HttpRequest

from registries.credentials import EntraCredential
from registries.egress import through, transport
from registries.signing import SdkCredential
from registries.wire import Answer, whole_answer
from replication.failures import Refused
from replication.targets import Target

if TYPE_CHECKING:
    from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient

API = "2025-11-01"
PLAIN = {"Accept-Encoding": "identity"}


class ArmClient:
    def __init__(self, target: Target, credential: EntraCredential) -> None:
        self._target = target
        self._credential = credential
        self._client: ContainerRegistryManagementClient | None = None

    async def import_image(self, body: Mapping[str, Any], doing: str) -> Answer:
        request = HttpRequest("POST", self._url("/importImage"), params={"api-version": API}, headers=PLAIN, json=body)
        return await self._send(request, doing)

    async def operation(self, path: str, doing: str) -> Answer:
        """`path` with its query, as ARM named it."""
        quoted = path.replace("{", "%7B").replace("}", "%7D")  # the SDK takes braces for places to fill in
        return await self._send(HttpRequest("GET", f"https://{self._host}{quoted}", headers=PLAIN), doing)

    async def soft_deletes(self) -> bool | None:
        """Whether the registry keeps what is deleted; None when ARM does not tell."""
        request = HttpRequest("GET", self._url(""), params={"api-version": API}, headers=PLAIN)
        try:
            answer = await self._send(request, f"read the policies of {self._target}")
            status = json.loads(answer.body)["properties"]["policies"]["softDeletePolicy"]["status"]
        except (Refused, ValueError, RecursionError, KeyError, TypeError):
            return None
        return bool(status == "enabled") if answer.status == 200 and status in ("enabled", "disabled") else None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def _host(self) -> str:
        return urlsplit(self._target.cloud.resource_manager).netloc

    def _url(self, action: str) -> str:
        return f"https://{self._host}{quote(str(self._target.registry))}{action}"

    async def _send(self, request: HttpRequest, doing: str) -> Answer:
        """Entra is asked first, so that its refusals are told as such. A token that was at hand and that ARM takes no more is renewed once:
        what it refuses, it has not begun."""
        audience, began = self._target.cloud.arm_audience, time.monotonic()
        token = await self._credential.token(audience)
        answer = await self._send_once(request, doing)
        if answer.status == 401 and token.obtained < began:
            self._credential.forget(audience, token)
            await self._credential.token(audience)
            answer = await self._send_once(request, doing)
        return answer

    async def _send_once(self, request: HttpRequest, doing: str) -> Answer:
        return await whole_answer(self._sdk().send_request(request, stream=True), through(self._host, self._target.egress), doing)

    def _sdk(self) -> "ContainerRegistryManagementClient":
        if self._client is None:
            from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient

            self._client = ContainerRegistryManagementClient(
                SdkCredential(self._credential, self._target.cloud.arm_audience),
                self._target.registry.subscription,
                self._target.cloud.resource_manager,
                credential_scopes=[f"{self._target.cloud.arm_audience}/.default"],
                retry_total=0,  # a POST sent twice starts two imports
                permit_redirects=False,
                transport=transport(self._target.egress, str(self._target), "arm"),
            )
        return self._client
