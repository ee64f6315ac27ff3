"""The same question as the reader's, asked afterwards of what clouds and host have written down: at which moments was a tag of a target
absent, older than the source's or on half an index, and was a run or a queued event of its repository there all that while?

A registry of the local clouds keeps every meaning that a tag had, with its moments, so that nothing is missed between two looks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

FOREVER = float("inf")
TOLERANCE = 0.25  # seconds: clocks of several processes, and an answer on its way
Times = list[tuple[float, float]]


@dataclass(slots=True)
class Past:
    """Of one registry: by repository and tag, each meaning from when until when; the same of manifests; children by digest."""

    tags: dict[tuple[str, str], list[tuple[float, float, str]]] = field(default_factory=dict)
    manifests: dict[tuple[str, str], Times] = field(default_factory=dict)
    children: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def meaning(self, repository: str, tag: str, moment: float) -> str | None:
        spans = self.tags.get((repository, tag), ())
        return next((digest for since, until, digest in spans if since <= moment < until), None)

    def holds(self, repository: str, digest: str, moment: float) -> bool:
        return any(since <= moment < until for since, until in self.manifests.get((repository, digest), ()))

    def lacks(self, repository: str, digest: str, moment: float) -> Iterator[str]:
        """Below an index, at any depth."""
        for child in self.children.get(digest, ()):
            if not self.holds(repository, child, moment):
                yield child
            yield from self.lacks(repository, child, moment)

    def untagged(self, repository: str, tag: str, moment: float) -> bool:
        """Whether the last meaning that it had by then was taken from a manifest that stayed: no event tells."""
        ended = [(until, digest) for since, until, digest in self.tags.get((repository, tag), ()) if until <= moment]
        return bool(ended) and self.holds(repository, max(ended)[1], max(ended)[0])


@dataclass(frozen=True, slots=True)
class Deviation:
    target: str
    repository: str
    tag: str
    kind: str  # absent, older, half
    since: float
    until: float

    @property
    def lasted(self) -> float:
        return self.until - self.since

    def __str__(self) -> str:
        return f"{self.target}: {self.repository}:{self.tag} was {self.kind} for {self.lasted:.2f} s"


def deviations(source: Past, target: Past, name: str, end: float) -> Iterator[Deviation]:
    """Until `end`. What the source's own index keeps from coming is left out, and what was untagged."""
    moments = _moments(source, target)
    for repository, tag in sorted(source.tags):
        begun: tuple[str, float] | None = None
        for since in [*moments.get(repository, ()), end]:
            kind = _kind(source, target, repository, tag, since) if since < end else None
            if begun is not None and kind != begun[0]:
                yield Deviation(name, repository, tag, begun[0], begun[1], since)
                begun = None
            if kind is not None and begun is None:
                begun = (kind, since)


def alone(deviation: Deviation, covered: Times) -> float:
    """For how many seconds at a stretch nothing was under way, at most. `covered`: when a run or an event was, in any order."""
    moment, longest = deviation.since, 0.0
    for since, until in sorted(covered):
        if since >= deviation.until:
            break
        longest = max(longest, since - moment)
        moment = max(moment, until)
    return max(longest, deviation.until - moment, 0.0)


def left_alone(found: Sequence[Deviation], covered: Mapping[str, Times]) -> Iterator[tuple[Deviation, float]]:
    """Those that were for longer than can be doubted. `covered`: by repository."""
    for one in found:
        if (seconds := alone(one, covered.get(one.repository, []))) > TOLERANCE:
            yield one, seconds


def _moments(*pasts: Past) -> dict[str, list[float]]:
    """When anything changed in a repository, on any side."""
    moments: dict[str, set[float]] = {}
    for past in pasts:
        for (repository, _), spans in past.tags.items():
            moments.setdefault(repository, set()).update(moment for since, until, _ in spans for moment in (since, until))
        for (repository, _), times in past.manifests.items():
            moments.setdefault(repository, set()).update(moment for span in times for moment in span)
    return {repository: sorted(found - {FOREVER}) for repository, found in moments.items()}


def _kind(source: Past, target: Past, repository: str, tag: str, moment: float) -> str | None:
    wanted, held = source.meaning(repository, tag, moment), target.meaning(repository, tag, moment)
    if wanted is None:
        return None if held is None or source.untagged(repository, tag, moment) else "older"
    if next(source.lacks(repository, wanted, moment), None) is not None:
        return None
    if held != wanted:
        return "absent" if held is None else "older"
    return "half" if next(target.lacks(repository, wanted, moment), None) is not None else None
