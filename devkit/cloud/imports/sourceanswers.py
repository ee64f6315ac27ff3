"""What the registry that an import takes from answers, if not what was asked for."""

import aiohttp


class SourceRefused(Exception):
    """401: the credentials, or their rights. Holds what the source said."""


class SourceDenied(Exception):
    """403: it does not let this registry in, whoever asks."""


class SourceMissing(Exception):
    """404 for a manifest."""


class SourceBroken(Exception):
    """Anything else that keeps bytes from arriving, or wrong bytes."""


class BlobMissing(SourceBroken):
    """404 for a blob."""


async def raise_if_refused(response: aiohttp.ClientResponse) -> None:
    if response.status == 401:
        raise SourceRefused(await said(response))
    if response.status == 403:
        raise SourceDenied


def require_success(response: aiohttp.ClientResponse) -> None:
    if response.status != 200:
        raise SourceBroken(f"status {response.status}")


async def said(response: aiohttp.ClientResponse) -> str:
    return (await bounded(response, 64 * 1024)).decode(errors="replace")[:2000]


async def bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    content = await response.content.read(limit + 1)
    while not response.content.at_eof() and len(content) <= limit:
        content += await response.content.read(limit + 1 - len(content))
    if len(content) > limit:
        raise SourceBroken("too large")
    return content
