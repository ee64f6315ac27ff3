"""Names of content in a registry: repository, tag, digest. Parsed once, at the edge; from there on the type is the proof.

Grammar: OCI distribution-spec, "Pulling manifests"; OCI image-spec, descriptor.md, "Digests"."""

import re
from dataclasses import dataclass
from typing import Self

_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LONGEST_REPOSITORY = 255  # distribution-spec: many clients limit login server and repository to 255 characters together


class InvalidReference(ValueError):
    """Says what is wrong with the text, quoting at most 90 characters of it."""


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    path: str

    @classmethod
    def parse(cls, text: object) -> Self:
        if not isinstance(text, str) or len(text) > LONGEST_REPOSITORY or not _REPOSITORY.fullmatch(text):
            raise InvalidReference(
                f"{_quoted(text)} is not a repository: want up to {LONGEST_REPOSITORY} lower-case letters, digits, '.', '_', '-' and '/'"
            )
        return cls(text)

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    name: str

    @classmethod
    def parse(cls, text: object) -> Self:
        if not isinstance(text, str) or not _TAG.fullmatch(text):
            raise InvalidReference(f"{_quoted(text)} is not a tag: want up to 128 letters, digits, '_', '.' and '-', not first '.' or '-'")
        return cls(text)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """Names bytes by their sha256, so equal digests are equal content. No registry of Azure's documents another algorithm."""

    encoded: str

    @classmethod
    def parse(cls, text: object) -> Self:
        if not isinstance(text, str) or not _DIGEST.fullmatch(text):
            raise InvalidReference(f"{_quoted(text)} is not a digest: want 'sha256:' and 64 lower-case hex digits")
        return cls(text.removeprefix("sha256:"))

    def __str__(self) -> str:
        return f"sha256:{self.encoded}"

    @property
    def short(self) -> str:
        """For people: the algorithm and the first 12 digits."""
        return f"sha256:{self.encoded[:12]}"


def optional_tag(text: object) -> Tag | None:
    """Absent, null and empty are equal (an event's `target.tag`)."""
    return None if text is None or text == "" else Tag.parse(text)


def optional_digest(text: object) -> Digest | None:
    return None if text is None or text == "" else Digest.parse(text)


def _quoted(text: object) -> str:
    return repr(text[:90]) if isinstance(text, str) else type(text).__name__
