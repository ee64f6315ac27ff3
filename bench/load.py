"""What a registry is given to do. The bytes are the same for every registry, and are checked when they come back."""

import hashlib
import http.client
import random
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from bench.registries import Registry

BLOCK = random.Random(1).randbytes(1024 * 1024)  # noqa: S311 - not compressible is enough
SMALL, SMALL_BLOBS, AT_ONCE = 16 * 1024, 1000, 4
REPOSITORY = "bench/layers"


class Line:
    """One connection, kept."""

    def __init__(self, registry: Registry) -> None:
        context = ssl.create_default_context(cafile=str(registry.ca))
        self._connection = http.client.HTTPSConnection("localhost", registry.port, context=context, timeout=600, blocksize=len(BLOCK))
        self._headers = registry.headers

    def send(
        self,
        method: str,
        target: str,
        wanted: int,
        body: Iterator[bytes] | bytes = b"",
        *,
        size: int | None = None,
        content_range: str = "",
    ) -> str:
        """The Location of the answer, which must be of the status `wanted`. `size` is that of an iterator's bytes."""
        length = len(body) if isinstance(body, bytes) else size
        more = {"Content-Range": content_range} if content_range else {}
        self._connection.request(method, target, body, {**self._headers, "Content-Length": str(length), **more})
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status == wanted, (method, answer.status, said)
        return answer.headers["Location"]

    def receive(self, digest: str) -> None:
        self._connection.request("GET", f"/v2/{REPOSITORY}/blobs/{digest}", headers=dict(self._headers))
        answer, hashed = self._connection.getresponse(), hashlib.sha256()
        for piece in iter(lambda: answer.read(len(BLOCK)), b""):
            hashed.update(piece)
        assert f"sha256:{hashed.hexdigest()}" == digest, answer.status

    def begin(self) -> str:
        return self.send("POST", f"/v2/{REPOSITORY}/blobs/uploads/", 202)

    def finish(self, location: str, digest: str, body: Iterator[bytes] | bytes = b"", size: int | None = None) -> None:
        self.send("PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}", 201, body, size=size)

    def close(self) -> None:
        self._connection.close()


def layer(number: int, blocks: int) -> Iterator[bytes]:
    """A layer of its own for each number: no registry may know it already."""
    yield number.to_bytes(8, "big") + BLOCK[8:]
    for _ in range(blocks - 1):
        yield BLOCK


def digest_of(pieces: Iterator[bytes]) -> str:
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    return f"sha256:{hashed.hexdigest()}"


def push_whole(registry: Registry, digest: str, number: int, blocks: int) -> float:
    """In one PUT; seconds."""
    with closing(Line(registry)) as line:
        return timed(lambda: line.finish(line.begin(), digest, layer(number, blocks), blocks * len(BLOCK)))


def push_in_chunks(registry: Registry, digest: str, number: int, blocks: int, chunk: int) -> float:
    """Of `chunk` blocks each; seconds."""

    def push() -> None:
        pieces, location = layer(number, blocks), line.begin()
        for first in range(0, blocks, chunk):
            body = b"".join(piece for _, piece in zip(range(chunk), pieces, strict=False))
            start = first * len(BLOCK)
            location = line.send("PATCH", location, 202, body, content_range=f"{start}-{start + len(body) - 1}")
        line.finish(location, digest)

    with closing(Line(registry)) as line:
        return timed(push)


def pull(registry: Registry, digest: str) -> float:
    with closing(Line(registry)) as line:
        return timed(lambda: line.receive(digest))


def small_blobs(registry: Registry) -> tuple[float, float]:
    """Pushed with POST and PUT, then pulled, over several connections at once: blobs a second of each."""
    blobs = [number.to_bytes(4, "big") + BLOCK[number : number + SMALL] for number in range(SMALL_BLOBS)]
    digests = [digest_of(iter([blob])) for blob in blobs]

    def push(first: int) -> None:
        with closing(Line(registry)) as line:
            for number in range(first, SMALL_BLOBS, AT_ONCE):
                line.finish(line.begin(), digests[number], blobs[number])

    def fetch(first: int) -> None:
        with closing(Line(registry)) as line:
            for number in range(first, SMALL_BLOBS, AT_ONCE):
                line.receive(digests[number])

    def at_once(work: Callable[[int], None]) -> float:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return SMALL_BLOBS / timed(lambda: list(pool.map(work, range(AT_ONCE))))

    return at_once(push), at_once(fetch)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
