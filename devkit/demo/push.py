"""What a person does to a registry, in the order clients do it: blobs, children, then the manifest under its tag.

Source: distribution-spec, "Push" and "Content Management"."""

import http.client
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from devkit.demo.registry import Answer, Connection
from devkit.local.endpoints import Registry
from devkit.local.images import Image, digest_of
from devkit.local.problem import Problem


class Pusher:
    def __init__(self, registry: Registry, ca: Path) -> None:
        self._connection = Connection(registry, ca)

    def push(self, image: Image, repository: str, tag: str | None) -> None:
        """All of `image`, untagged if `tag` is None. What the registry has already is not sent again. Raises `Problem`."""
        for content in image.blobs:
            self._push_blob(repository, content)
        for child in image.children:
            self.push(child, repository, None)
        path = f"/v2/{repository}/manifests/{tag or image.digest}"
        doing = f"push {repository}:{tag}" if tag else f"push {repository}@{image.digest}"
        self._require(201, doing, "PUT", path, body=image.content, headers={"Content-Type": image.media_type})

    def delete(self, repository: str, digest: str) -> None:
        """The manifest, and with it every tag on it. Raises `Problem`."""
        self._require(202, f"delete {repository}@{digest}", "DELETE", f"/v2/{repository}/manifests/{digest}")

    def _push_blob(self, repository: str, content: bytes) -> None:
        digest = digest_of(content)
        doing = f"push the blob {digest} into {repository}"
        if self._send(doing, "HEAD", f"/v2/{repository}/blobs/{digest}").status == 200:
            return
        begun = self._require(202, f"begin an upload into {repository}", "POST", f"/v2/{repository}/blobs/uploads/")
        location = begun.headers["Location"]
        finish = f"{location}{'&' if '?' in location else '?'}digest={digest}"
        self._require(201, doing, "PUT", finish, body=content, headers={"Content-Type": "application/octet-stream"})

    def _require(
        self, status: int, doing: str, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = self._send(doing, method, path, body, headers)
        if answer.status != status:
            said = answer.body.decode(errors="replace")[:500]
            raise Problem(f"cannot {doing} at the cloud {self._connection.name}: status {answer.status}, {said or 'no body'}")
        return answer

    def _send(self, doing: str, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        try:
            return self._connection.send(method, path, body=body, headers=headers)
        except (OSError, http.client.HTTPException) as error:
            raise Problem(f"cannot {doing} at the cloud {self._connection.name}: no answer ({type(error).__name__})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.__exit__(kind, error, trace)
