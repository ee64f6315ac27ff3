"""The reading side of an import: one source registry, reached over TLS by its login server and the credentials of the request.

The handshake is Docker's: a 401 names the token endpoint, a token is fetched there, once more if it expires midway. Source: distribution
documentation, "Token Authentication Specification"; distribution-spec, "Pull"."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import aiohttp
from yarl import URL

from devkit.cloud.content.manifest import LIMIT, MEDIA_TYPES
from devkit.cloud.imports.request import ImportRequest
from devkit.cloud.imports.sourceanswers import BlobMissing, SourceBroken, SourceMissing, bounded, raise_if_refused, require_success
from devkit.cloud.imports.sourcetokens import SourceTokens

ACCEPT = ", ".join((*MEDIA_TYPES, "*/*"))
MARK = "x-local-import"  # ours: how a local registry knows an import's calls; Azure knows its own by other means
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)


class SourceRegistry:
    """Use as a context manager; it owns its connections."""

    def __init__(self, request: ImportRequest, ca: Path) -> None:
        self._root = f"https://{request.login_server}/v2/{request.repository}"
        self._tokens = SourceTokens(request)
        self._token: str | None = None
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(ca)))
        self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, auto_decompress=False, middlewares=[_require_tls])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def manifest(self, reference: str) -> tuple[bytes, str]:
        """The bytes and their Content-Type."""
        async with self._get(f"manifests/{reference}", accept=ACCEPT) as response:
            if response.status == 404:
                raise SourceMissing
            require_success(response)
            content = await bounded(response, LIMIT)
            return content, response.headers.get("Content-Type", "").partition(";")[0].strip()

    async def blob(self, digest: str) -> AsyncIterator[bytes]:
        async with self._get(f"blobs/{digest}", accept="*/*") as response:
            if response.status == 404:
                raise BlobMissing("no such blob")
            require_success(response)
            async for chunk in response.content.iter_chunked(256 * 1024):
                yield chunk

    @asynccontextmanager
    async def _get(self, what: str, *, accept: str) -> AsyncIterator[aiohttp.ClientResponse]:
        url = URL(f"{self._root}/{what}", encoded=True)
        try:
            for attempt in (1, 2):
                authorization = {"Authorization": f"Bearer {self._token}"} if self._token else {}
                headers = {"Accept": accept, MARK: "1", **authorization}
                async with self._session.get(url, headers=headers) as response:  # a redirect to another host loses the token
                    if response.status == 401 and attempt == 1:
                        challenge = response.headers.get("WWW-Authenticate", "")
                    else:
                        await raise_if_refused(response)
                        yield response
                        return
                self._token = await self._tokens.fetch(self._session, challenge)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SourceBroken(type(error).__name__) from None


async def _require_tls(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Of each request, those that follow a redirect included."""
    if request.url.scheme != "https":
        raise SourceBroken("a redirect away from TLS")
    return await send(request)
