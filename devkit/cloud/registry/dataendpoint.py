"""Where a registry may send those who pull a blob: storage on a host of its own, by a URL that is its own permission and ends.

Whether ACR does is the switch `blobRedirect` (acr.md 5 [?]). Such a URL is asked for without the registry's token: storage refuses two
permissions at once. It names the host by address: to another port of the same name, Go's clients take the token along.

Its errors are those of Azure's Blob service: "Status and error codes", "Create a service SAS"."""

import hmac
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from aiohttp import hdrs, web

from devkit.cloud.clock import Clock
from devkit.cloud.content.blobfiles import BlobFiles
from devkit.cloud.errors import Refusal
from devkit.cloud.names import is_digest
from devkit.cloud.tokens import Signer

LASTS = 1200  # seconds; ACR's are not documented


class StorageRefusal(Refusal):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, {"code": code, "message": message})

    def response(self) -> web.Response:
        code, message = escape(self.body["code"]), escape(self.body["message"])
        text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
        return web.Response(status=self.status, text=text, content_type="application/xml", headers={"x-ms-error-code": code})


def unexpected_by_storage(status: int, reason: str) -> Refusal:
    return StorageRefusal(status, {404: "ResourceNotFound", 405: "UnsupportedHttpVerb"}.get(status, "InternalError"), f"{reason}.")


class DataEndpoint:
    def __init__(self, port: int | None, signer: Signer, clock: Clock, files: BlobFiles) -> None:
        self._port = port
        self._signer = signer
        self._clock = clock
        self._files = files

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{digest}", self._get)]

    def url(self, digest: str) -> str | None:
        """None without such an endpoint."""
        if self._port is None:
            return None
        ends = f"{self._clock.wall() + LASTS:.3f}"
        return f"https://127.0.0.1:{self._port}/{digest}?{urlencode({'se': ends, 'sig': self._signature(digest, ends)})}"

    async def _get(self, request: web.Request) -> web.StreamResponse:
        """GET and HEAD, ranges too."""
        digest, ends = request.match_info["digest"], request.query.get("se", "")
        if hdrs.AUTHORIZATION in request.headers:
            raise StorageRefusal(400, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format.")
        if not hmac.compare_digest(self._signature(digest, ends).encode(), request.query.get("sig", "").encode(errors="replace")):
            raise StorageRefusal(403, "AuthenticationFailed", "Signature did not match.")
        if float(ends) <= self._clock.wall():
            ended = datetime.fromtimestamp(float(ends), UTC)
            raise StorageRefusal(403, "AuthenticationFailed", f"Signed expiry time [{ended:%a, %d %b %Y %H:%M:%S GMT}] has passed.")
        if not is_digest(digest) or self._files.size(digest) is None:
            raise StorageRefusal(404, "BlobNotFound", "The specified blob does not exist.")
        headers = {"Content-Type": "application/octet-stream"}
        return web.FileResponse(self._files.path(digest), chunk_size=256 * 1024, headers=headers)

    def _signature(self, digest: str, ends: str) -> str:
        return self._signer.signature(f"blob {digest} {ends}")
