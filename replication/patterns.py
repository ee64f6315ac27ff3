"""Names that somebody wants or does not want: globs and regular expressions, as the settings have them."""

import fnmatch
import re
from dataclasses import dataclass, field
from typing import Literal, Self

Kind = Literal["repository", "tag", "media type"]

LONGEST = 300  # characters of a pattern
_GLOBS = {  # what can match nothing of its kind is a mistake rather than a pattern
    "repository": re.compile(r"[a-z0-9._/*?-]+"),
    "tag": re.compile(r"[A-Za-z0-9._*?-]+"),
    "media type": re.compile(r"[a-z0-9._+/*?-]+"),
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob, where `*` stands for any characters, '/' among them (as in ACR's scope maps), and `?` for one; or, if it begins with '^',
    which no name does, a regular expression for the whole name.

    What a name may be is bounded (255 characters of a repository, 128 of a tag), and globs take time that is linear in it. A regular
    expression is the operator's own: one that backtracks without end, such as `^(a+)+$`, would hold up the app at the name that asks for
    it, and nothing here can tell."""

    text: str
    _compiled: re.Pattern[str] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: object, kind: Kind) -> Self:
        """Raises `ValueError`, which says why and not what: a text in the wrong place may be a secret."""
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
            raise ValueError(f"is not a text of 1 to {LONGEST} characters")
        if text.startswith("^"):
            try:
                return cls(text, re.compile(text, re.ASCII))
            except (re.error, RecursionError, OverflowError):
                pass
            raise ValueError("is not a regular expression that Python takes")
        if not _GLOBS[kind].fullmatch(text):
            raise ValueError(f"matches no {kind}: it has characters that none has (a regular expression begins with '^')")
        return cls(text, re.compile(fnmatch.translate(text)))

    def matches(self, name: str) -> bool:
        return self._compiled.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Filter:
    """What one of `include` matches (everything, if there is none) and none of `exclude`."""

    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()

    def takes(self, name: str) -> bool:
        return self.includes(name) and not self.excludes(name)

    def includes(self, name: str) -> bool:
        return not self.include or any(pattern.matches(name) for pattern in self.include)

    def excludes(self, name: str) -> bool:
        return any(pattern.matches(name) for pattern in self.exclude)

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.include or self.exclude)


EVERYTHING = Filter()
