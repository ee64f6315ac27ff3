"""Where a target keeps a repository of the source: the same path, or one with another prefix.

A rule says what stands in place of a prefix; the longest one that fits counts. A repository that no rule fits is out of scope, and so is
one whose place belongs to another rule by a longer prefix: therefore no two repositories have one place, and a place tells its
repository."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from replication.references import InvalidReference, Repository

_PREFIX = re.compile(r"|[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*/")
LONGEST = 200  # characters


def is_prefix(text: object) -> bool:
    """Whole parts of a path with a '/' behind them, or nothing: so what it stands before stays a repository."""
    return isinstance(text, str) and len(text) <= LONGEST and _PREFIX.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Prefixes:
    """(at the source, at the target). `""` is everything; without any rule names stay as they are."""

    rules: tuple[tuple[str, str], ...] = (("", ""),)

    @classmethod
    def parse(cls, rules: Mapping[str, str]) -> Self:
        """Raises `ValueError`, without the texts."""
        if not all(is_prefix(text) for rule in rules.items() for text in rule):
            raise ValueError("has what is no prefix: parts of a path with '/' behind them, or nothing for all repositories")
        if len(set(rules.values())) < len(rules):
            raise ValueError("gives two prefixes one place, where their repositories would overwrite each other")
        return cls(tuple(rules.items()))

    def place_of(self, repository: Repository) -> Repository | None:
        """At the target; None: out of scope."""
        place = _replaced(repository, self.rules)
        return place if place is not None and self._repository_at(place) == repository else None

    def repository_at(self, place: Repository) -> Repository | None:
        """At the source; None for what is none of ours."""
        repository = self._repository_at(place)
        return repository if repository is not None and _replaced(repository, self.rules) == place else None

    def apart_from(self, other: Self) -> bool:
        """Whether no place is one of both."""
        ours, theirs = ([at_target for _, at_target in one.rules] for one in (self, other))
        return not any(one.startswith(another) or another.startswith(one) for one in ours for another in theirs)

    def _repository_at(self, place: Repository) -> Repository | None:
        return _replaced(place, ((at_target, at_source) for at_source, at_target in self.rules))


UNCHANGED = Prefixes()


def _replaced(repository: Repository, rules: Iterable[tuple[str, str]]) -> Repository | None:
    """By the longest prefix that fits; None when none does, or when the name becomes too long for a repository."""
    path = str(repository)
    fitting = [rule for rule in rules if path.startswith(rule[0])]
    if not fitting:
        return None
    before, after = max(fitting, key=lambda rule: len(rule[0]))
    try:
        return Repository.parse(after + path.removeprefix(before))
    except InvalidReference:
        return None
