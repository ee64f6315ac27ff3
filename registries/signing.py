"""Who has tokens of Entra, and how Azure's SDKs are handed one."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from registries.tokens import Token

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken


class Signer(Protocol):
    async def token(self, audience: str) -> Token:
        """An access token of Entra. Raises `Refused`."""
        ...

    def forget(self, audience: str, token: Token) -> None:
        """It was refused before its time."""
        ...


class SdkCredential:
    """An `AsyncTokenCredential` for one audience, whatever a challenge asks for: who answers does not choose whose token it is given."""

    def __init__(self, signer: Signer, audience: str) -> None:
        self._signer = signer
        self._audience = audience

    async def get_token(self, *_: str, **__: Any) -> "AccessToken":
        """Ends at once as the SDK sees it, so that it keeps none of its own, which would outlive one that is forgotten here."""
        from azure.core.credentials import AccessToken

        token = await self._signer.token(self._audience)
        return AccessToken(token.value.reveal(), int(time.time()))

    async def close(self) -> None:
        """Whoever made the signer closes it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None = None, error: BaseException | None = None, trace: TracebackType | None = None
    ) -> None:
        return None
