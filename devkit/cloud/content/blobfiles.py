"""Blobs as files named by their digest. A file under that name is whole and true, whenever the process died.

Bytes are written under a temporary name, hashed on their way, forced to disk, then renamed. Repositories share the files; which of them may
serve one is a row of the store. Nothing deletes a file: ACR frees a deleted image's blobs later, in the background (docs:
container-registry-delete), and this cloud's state folder is thrown away whole."""

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from devkit.cloud.names import algorithm_of, is_canonical


class DigestMismatch(Exception):
    """The bytes are not what they were called."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a blob that is being written, and the hash of what is before it."""

    size: int
    hash: "hashlib._Hash"


class BlobFiles:
    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._unfinished = folder / "unfinished"
        for needed in (self._blobs, self._unfinished):
            needed.mkdir(parents=True, exist_ok=True)
        for left in self._unfinished.iterdir():  # by a process that was killed
            left.unlink()

    def path(self, digest: str) -> Path:
        return self._blobs / digest.partition(":")[2]  # the length tells the algorithm

    def size(self, digest: str) -> int | None:
        """None if there is no such blob."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def begin(self) -> "BlobWriter":
        return BlobWriter(self._unfinished / uuid.uuid4().hex, self)


class BlobWriter:
    """One blob on its way to disk. As a context manager it leaves nothing behind that was not kept."""

    def __init__(self, path: Path, files: BlobFiles) -> None:
        self._path = path
        self._files = files
        self._file = path.open("xb")
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def mark(self) -> "Mark":
        """Where it is now, for `back_to`."""
        return Mark(self.size, self._hash.copy())

    def back_to(self, mark: "Mark") -> None:
        self._file.seek(mark.size)
        self._file.truncate()
        self.size, self._hash = mark.size, mark.hash.copy()

    def keep(self, digest: str) -> None:
        """Under its name, for good. Blocks while the disk writes. Raises `DigestMismatch`."""
        self._file.flush()
        if self._hex(digest) != digest.partition(":")[2]:
            raise DigestMismatch
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.rename(self._files.path(digest))

    def _hex(self, digest: str) -> str:
        """By the algorithm of `digest`. Another than sha256 is named only at the end of an upload: the file is read again then."""
        if is_canonical(digest):
            return self._hash.hexdigest()
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, algorithm_of(digest)).hexdigest()

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()  # after `keep` there is no file of that name any more
