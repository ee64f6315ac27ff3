"""The URL an import is polled at: opaque to clients, signed anew for each answer.

ARM appends `t` (ticks), `c` (a certificate), `s` (a signature) and `h` (a hash), about 3.5 KB in all; ours are as long and change as theirs
do, so that a client which takes URLs apart or has no room for them fails here too. Source: "Track asynchronous Azure operations"."""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from devkit.cloud.clock import Clock
from devkit.cloud.tokens import Signer

LOCATION = "LOCAL"
TICKS_AT_EPOCH = 621_355_968_000_000_000  # .NET's ticks count from the year 1


class OperationUrls:
    def __init__(self, arm_url: str, subscription: str, signer: Signer, clock: Clock) -> None:
        self._clock = clock
        self._arm_url = arm_url
        self._subscription = subscription
        self._signer = signer
        self._certificate = "".join(signer.signature(f"certificate {part}") for part in range(72))

    def signed(self, operation: str, api_version: str) -> str:
        provider = f"/subscriptions/{self._subscription}/providers/Microsoft.ContainerRegistry"
        path = f"{provider}/locations/{LOCATION}/operationResults/registries-{operation}"
        ticks, unique = str(TICKS_AT_EPOCH + int(self._clock.wall() * 1e7)), secrets.token_urlsafe(32)
        query = {"api-version": api_version, "t": ticks, "c": self._certificate, "s": self._sign(path, ticks, unique), "h": unique}
        return f"{self._arm_url}{path}?{urlencode(query)}"

    def is_ours(self, path: str, query: Mapping[str, str]) -> bool:
        signature = self._sign(path, query.get("t", ""), query.get("h", ""))
        return query.get("c") == self._certificate and hmac.compare_digest(signature.encode(), query.get("s", "").encode())

    def _sign(self, path: str, ticks: str, unique: str) -> str:
        return self._signer.signature(f"operation {path} {ticks} {unique}")
