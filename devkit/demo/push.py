"""What a person does to a registry, in the order clients do it: blobs, children, then the manifest under its tag.

Source: distribution-spec, "Push" and "Content Management"."""

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
        answer = self._connection.send("PUT", path, body=image.content, headers={"Content-Type": image.media_type})
        self._require(answer, 201, f"push {repository}:{tag}" if tag else f"push {repository}@{image.digest}")

    def delete(self, repository: str, digest: str) -> None:
        """The manifest, and with it every tag on it. Raises `Problem`."""
        self._require(self._connection.send("DELETE", f"/v2/{repository}/manifests/{digest}"), 202, f"delete {repository}@{digest}")

    def _push_blob(self, repository: str, content: bytes) -> None:
        digest = digest_of(content)
        if self._connection.send("HEAD", f"/v2/{repository}/blobs/{digest}").status == 200:
            return
        begun = self._connection.send("POST", f"/v2/{repository}/blobs/uploads/")
        self._require(begun, 202, f"begin an upload into {repository}")
        location = begun.headers["Location"]
        finish = f"{location}{'&' if '?' in location else '?'}digest={digest}"
        answer = self._connection.send("PUT", finish, body=content, headers={"Content-Type": "application/octet-stream"})
        self._require(answer, 201, f"push the blob {digest} into {repository}")

    def _require(self, answer: Answer, status: int, doing: str) -> None:
        if answer.status != status:
            said = answer.body.decode(errors="replace")[:500]
            raise Problem(f"cannot {doing} at the cloud {self._connection.name}: status {answer.status}, {said or 'no body'}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.__exit__(kind, error, trace)
