"""The reading side of an import: one source registry, reached over TLS by its login server and the credentials of the request.

The handshake is Docker's: a 401 names the token endpoint, Basic credentials fetch a token there, once more if it expires midway. Source:
distribution documentation, "Token Authentication Specification"; distribution-spec, "Pull"."""

import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from devkit.cloud.importrequest import ImportRequest
from devkit.cloud.manifest import LIMIT, MEDIA_TYPES

ACCEPT = ", ".join((*MEDIA_TYPES, "*/*"))
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)


class SourceRefused(Exception):
    """401 or 403: the credentials, or their rights. Holds what the source said."""


class SourceMissing(Exception):
    """404 for a manifest."""


class SourceBroken(Exception):
    """Anything else that keeps bytes from arriving, or wrong bytes."""


class BlobMissing(SourceBroken):
    """404 for a blob."""


class SourceRegistry:
    """Use as a context manager; it owns its connections."""

    def __init__(self, request: ImportRequest, ca: Path) -> None:
        self._login_server = request.login_server
        self._repository = request.repository
        basic = base64.b64encode(f"{request.username}:{request.password}".encode()).decode()
        self._basic = f"Basic {basic}"
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
            _require_success(response)
            content = await _bounded(response, LIMIT)
            return content, response.headers.get("Content-Type", "").partition(";")[0].strip()

    async def blob(self, digest: str) -> AsyncIterator[bytes]:
        async with self._get(f"blobs/{digest}", accept="*/*") as response:
            if response.status == 404:
                raise BlobMissing("no such blob")
            _require_success(response)
            async for chunk in response.content.iter_chunked(256 * 1024):
                yield chunk

    @asynccontextmanager
    async def _get(self, what: str, *, accept: str) -> AsyncIterator[aiohttp.ClientResponse]:
        url = URL(f"https://{self._login_server}/v2/{self._repository}/{what}", encoded=True)
        try:
            for attempt in (1, 2):
                headers = {"Accept": accept, **({"Authorization": f"Bearer {self._token}"} if self._token else {})}
                async with self._session.get(url, headers=headers) as response:  # a redirect to another host loses the token
                    if response.status == 401 and attempt == 1:
                        challenge = response.headers.get("WWW-Authenticate", "")
                    elif response.status in {401, 403}:
                        raise SourceRefused(await _said(response))
                    else:
                        yield response
                        return
                self._token = await self._fetch_token(challenge)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SourceBroken(type(error).__name__) from None

    async def _fetch_token(self, challenge: str) -> str:
        parameters = dict(_PARAMETER.findall(challenge))
        realm = urlsplit(parameters.get("realm", ""))
        if realm.scheme != "https" or realm.netloc.lower() != self._login_server.lower():
            raise SourceRefused("the source names a token endpoint that is not its own")  # the password goes nowhere else
        query = {"service": parameters.get("service", ""), "scope": f"repository:{self._repository}:pull"}
        headers = {"Authorization": self._basic}
        async with self._session.get(realm.geturl(), params=query, headers=headers, allow_redirects=False) as response:
            if response.status in {400, 401, 403}:
                raise SourceRefused(await _said(response))
            _require_success(response)
            answer = await response.json(content_type=None)
            return str(answer.get("access_token") or answer.get("token"))


async def _require_tls(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Of each request, those that follow a redirect included."""
    if request.url.scheme != "https":
        raise SourceBroken("a redirect away from TLS")
    return await send(request)


def _require_success(response: aiohttp.ClientResponse) -> None:
    if response.status != 200:
        raise SourceBroken(f"status {response.status}")


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    content = await response.content.read(limit + 1)
    while not response.content.at_eof() and len(content) <= limit:
        content += await response.content.read(limit + 1 - len(content))
    if len(content) > limit:
        raise SourceBroken("too large")
    return content


async def _said(response: aiohttp.ClientResponse) -> str:
    return (await _bounded(response, 64 * 1024)).decode(errors="replace")[:2000]
