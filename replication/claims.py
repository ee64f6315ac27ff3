"""Which places of which registries the entries of the settings claim: known even of an entry that is wrong otherwise, so that all mistakes
are told at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from replication.mistakes import Mistakes
from replication.prefixes import Prefixes
from replication.targets import RegistryId

EXAMPLE_APART = 'one registry once, or "prefixes" that lead to different places'


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`name` of a target; None is the source."""

    name: str | None
    registry: RegistryId
    login_server: str
    prefixes: Prefixes

    def __str__(self) -> str:
        return "the source" if self.name is None else f"target {self.name!r}"

    def meets(self, other: "Claim") -> bool:
        """By id or by login server: one registry under two names would verify itself, and lose what the other deletes. Two targets may
        share a registry if their prefixes keep them apart; filters are no proof of that."""
        same = str(self.registry).lower() == str(other.registry).lower() or self.login_server == other.login_server
        return same and (other.name is None or not self.prefixes.apart_from(other.prefixes))


def find_doubles(source: Claim | None, targets: Sequence[Claim], setting: str, mistakes: Mistakes) -> None:
    names = [target.name for target in targets]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        mistakes.add(setting, f"has two targets of the name {name!r}", "china-east, china-north")
    for number, target in enumerate(targets):
        before = [*([] if source is None else [source]), *targets[:number]]
        if others := [str(one) for one in before if target.meets(one)]:
            mistakes.add(setting, f"gives {target} the registry of {' and '.join(others)}", EXAMPLE_APART)
