"""`make bench-registry`: a layer of two gigabytes and many small blobs through each registry, and how much memory it took for that.

`python -m bench.registry [MEBIBYTES]` takes another size. The client is one Python program on the same machine: it has its share in each
figure, the same one for each registry."""

import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bench.load import digest_of, layer, pull, push_in_chunks, push_whole, small_blobs
from bench.registries import NotThere, Registry, docker_registry, local_cloud, olareg

REGISTRIES: dict[str, Callable[[Path], AbstractContextManager[Registry]]] = {
    "local cloud": local_cloud,
    "docker-registry": docker_registry,
    "olareg": olareg,
}
CHUNK = 64  # MiB


def measure(registry: Registry, blocks: int, digests: tuple[str, str]) -> dict[str, str]:
    """`digests` of the two layers."""
    found = {"resident at first": f"{registry.peak():.0f} MiB"}
    works: dict[str, Callable[[], float]] = {
        "push whole": lambda: push_whole(registry, digests[0], 0, blocks),
        "push in chunks": lambda: push_in_chunks(registry, digests[1], 1, blocks, CHUNK),
        "pull": lambda: pull(registry, digests[0]),
    }
    for name, work in works.items():
        registry.forget_peak()
        found[name] = f"{blocks / work():.0f} MiB/s"
        found[f"{name}, resident at most"] = f"{registry.peak():.0f} MiB"
    pushed, pulled = small_blobs(registry)
    return {**found, "small blobs pushed": f"{pushed:.0f} /s", "small blobs pulled": f"{pulled:.0f} /s"}


def main() -> int:
    blocks = int(sys.argv[1]) if sys.argv[1:] else 2048
    digests = digest_of(layer(0, blocks)), digest_of(layer(1, blocks))
    columns: dict[str, dict[str, str]] = {}
    for name, start in REGISTRIES.items():
        with tempfile.TemporaryDirectory(prefix="multi-cloud-publish-") as folder:
            try:
                with start(Path(folder)) as registry:
                    columns[name] = measure(registry, blocks, digests)
            except NotThere as missing:
                print(missing, file=sys.stderr)
    print(f"A layer of {blocks} MiB, in one PUT and in chunks of {CHUNK} MiB; 1000 blobs of 16 KiB over 4 connections\n")
    print(f"{'':34}" + "".join(f"{name:>18}" for name in columns))
    for row in next(iter(columns.values())):
        print(f"{row:34}" + "".join(f"{column[row]:>18}" for column in columns.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
