"""Does what was planned to the source registry, over HTTP as its users do, and insists: a cloud that is being restarted is asked again."""

import http.client
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from devkit.demo.registry import Answer, Connection
from devkit.local.endpoints import Registry
from devkit.local.images import Image, digest_of
from tests.chaos.source import Delete, DeleteRepository, Push, Source, Step, Untag

PATIENCE = 60.0  # seconds


class Hands:
    """`source` is what the registry holds, as far as the last answer tells. `lock` is held while that is uncertain: whoever reads it takes
    the lock for as long as he compares."""

    def __init__(self, registry: Registry, ca: Path, source: Source) -> None:
        self._connection = Connection(registry, ca)
        self.source = source
        self.lock = threading.Lock()
        self.touched: dict[str, float] = {}  # when something was last done to a repository

    def do(self, step: Step) -> None:
        with self.lock:
            match step:
                case Push(repository, image, tag):
                    self._push(repository, image, tag)
                case Delete(repository, digest):
                    self._send("DELETE", f"/v2/{repository}/manifests/{digest}", 202, 404)
                case Untag(repository, tag):
                    self._send("DELETE", f"/acr/v1/{repository}/_tags/{tag}", 202, 404)
                case DeleteRepository(repository):
                    self._send("DELETE", f"/acr/v1/{repository}", 202, 404)
            self.touched[step.repository] = time.monotonic()
            self.source.apply(step, self.touched[step.repository])

    def _push(self, repository: str, image: Image, tag: str | None) -> None:
        here = self.source.of(repository)
        for one in (*here.missing(image), image):
            for blob in one.blobs:
                self._push_blob(repository, blob, here.blobs)
            reference = tag if one is image and tag is not None else one.digest
            headers = {"Content-Type": one.media_type}
            self._send("PUT", f"/v2/{repository}/manifests/{reference}", 201, body=one.content, headers=headers)

    def _push_blob(self, repository: str, content: bytes, known: set[str]) -> None:
        digest = digest_of(content)
        if digest in known:
            return
        status = 404
        while status == 404:  # a restarted cloud has forgotten the upload that was begun
            begun = self._send("POST", f"/v2/{repository}/blobs/uploads/", 202)
            location = begun.headers["Location"]
            finish = f"{location}{'&' if '?' in location else '?'}digest={digest}"
            status = self._send("PUT", finish, 201, 404, body=content, headers={"Content-Type": "application/octet-stream"}).status
        known.add(digest)

    def _send(self, method: str, path: str, *statuses: int, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """What was done already when its answer was lost is found done: 404 after a deletion."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._connection.send(method, path, body=body, headers=headers)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
                continue
            assert answer.status in statuses, (method, path, answer.status, answer.body[:500])
            return answer
