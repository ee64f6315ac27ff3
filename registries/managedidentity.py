"""A managed identity of the app.

Its endpoint is beside the app, so no proxy stands between. Source: App Service, "Connect to Azure services in app code"."""

import asyncio

from registries.egress import direct_transport
from registries.noanswer import trouble_of
from registries.tokens import Token, TokenCache, sdk_token
from registries.wire import ANSWER_WITHIN
from replication.failures import Code, Failure, Refused, said


class ManagedIdentity:
    """A `Signer`. `code` and `hint`: what it means that the app has no such identity."""

    def __init__(self, client_id: str | None, name: str, *, code: Code, hint: str) -> None:
        """`client_id` of a user-assigned one; None is the app's own."""
        self._client_id = client_id
        self._name = name
        self._code: Code = code
        self._hint = hint
        self._tokens = TokenCache(self._fetch)

    async def token(self, audience: str) -> Token:
        """Raises `Refused`."""
        return await self._tokens.get(audience)

    def forget(self, audience: str, token: Token) -> None:
        self._tokens.forget(audience, token)

    async def _fetch(self, audience: str) -> Token:
        """By a credential made for this one request: it would hand out what it kept, though that was refused."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity.aio import ManagedIdentityCredential

        doing = f"get a token of {self._name}"
        sdk = ManagedIdentityCredential(client_id=self._client_id, retry_total=0, transport=direct_transport())
        try:
            async with asyncio.timeout(ANSWER_WITHIN), sdk:
                given = await sdk.get_token(f"{audience}/.default")
                return sdk_token(given.token, given.expires_on)
        except ClientAuthenticationError as error:  # also when there is no such endpoint
            failure = Failure(kind="denied", code=self._code, doing=doing, said=said(error.message), hint=self._hint)
        except (AzureError, TimeoutError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
            failure = trouble_of(error).failure(doing, "the app's identity endpoint")
        raise Refused(failure)
