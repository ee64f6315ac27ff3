"""A repository in two registries: manifests, tags, and every former state of both, so that a read can be stale.

Digests are letters: `A` and `B` images, `I` and `J` indexes that share a child, `N` an index of an index, `r` to `q` referrers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

CHILDREN = {"I": "cd", "J": "de", "N": "IB"}
SUBJECT = {"r": "A", "s": "I", "t": "c", "q": "r"}  # of an image, an index, a child, a referrer
MANIFESTS, TAGS = "ABcdeIJNrstq", ("x", "y", "z")

State = tuple[frozenset[str], dict[str, str]]


def digest_of(letter: str) -> str:
    return f"sha256:{format(ord(letter), '02x') * 32}"


def letter_of(digest: str) -> str:
    return chr(int(digest.removeprefix("sha256:")[:2], 16))


def below(letter: str) -> Iterator[str]:
    """What an index lists, and what that lists."""
    for child in CHILDREN.get(letter, ""):
        yield child
        yield from below(child)


@dataclass
class Registry:
    name: str
    held: frozenset[str] = frozenset()
    tags: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)  # manifests and tags
    past: list[tuple[float, State]] = field(default_factory=lambda: [(float("-inf"), (frozenset(), {}))])

    def become(self, now: float, held: frozenset[str], tags: dict[str, str]) -> None:
        self.held, self.tags = held, tags
        self.past.append((now, (held, tags)))

    def at(self, moment: float) -> State:
        return next(state for then, state in reversed(self.past) if then <= moment)

    def put(self, now: float, letter: str, tag: str | None = None) -> None:
        self.become(now, self.held | {letter}, self.tags | ({tag: letter} if tag else {}))

    def untag(self, now: float, tag: str) -> bool:
        """Whether there was such a tag."""
        known = tag in self.tags
        if known:
            self.become(now, self.held, {name: held for name, held in self.tags.items() if name != tag})
        return known

    def delete(self, now: float, letter: str) -> bool:
        """It takes its tags along and, silently, what refers to it, and to that (acr.md 5). Whether it was there."""
        if letter not in self.held:
            return False
        doomed = {letter}
        while more := {one for one in self.held if SUBJECT.get(one) in doomed} - doomed:
            doomed |= more
        self.become(now, self.held - doomed, {tag: held for tag, held in self.tags.items() if held not in doomed})
        return True

    def __str__(self) -> str:
        return f"{{{' '.join(f'{tag}={held}' for tag, held in sorted(self.tags.items()))} | {''.join(sorted(self.held))}}}"
