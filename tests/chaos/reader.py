"""Looks at the tags of the targets all the while, as somebody who pulls would, and asks of each that is not as at the source whether a run
is under way that puts it right.

What counts is a tag that is `absent`, `older` than the source's (in the source's own sequence), on what it never meant there (`foreign`) or
on an index that lacks a child which the source has (`half`). Whether it is *alone*, without a run or a queued event of its repository, is
asked after the look, and then the tag is looked at once more: only what nothing puts right is alone."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devkit.demo.registry import Connection
from devkit.local.endpoints import Registry
from devkit.local.images import Image
from tests.chaos.hands import Hands
from tests.chaos.inventory import digests_of, tags_of
from tests.chaos.records import Records
from tests.chaos.source import Source

PAUSE = 0.5  # seconds between two rounds
LATELY = 45.0  # seconds
Where = tuple[str, str, str]  # target, repository, tag


@dataclass(slots=True)
class Seen:
    """What came of all looks. `longest`: seconds, by kind, of a tag that stayed so; `alone`: of what nothing put right, in words."""

    looks: int = 0
    times: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    alone: dict[tuple[Where, str], str] = field(default_factory=dict)
    longest_alone: dict[str, float] = field(default_factory=dict)


class Reader(threading.Thread):
    def __init__(self, registries: Sequence[Registry], ca: Path, hands: Hands, records: Records) -> None:
        super().__init__(name="reader", daemon=True)
        self._connections = [Connection(registry, ca) for registry in registries]
        self._hands = hands
        self._records = records
        self._stopped = threading.Event()
        self._round = 0
        self._since: dict[tuple[Where, str], float] = {}  # when a tag began to be so
        self._latest: dict[Where, int] = {}  # how far it has come in the source's sequence
        self.seen = Seen()
        self.broke: BaseException | None = None

    def stop(self) -> Seen:
        """Raises what the thread has died of: what was not looked at is not well."""
        self._stopped.set()
        self.join()
        if self.broke is not None:
            raise self.broke
        return self.seen

    def run(self) -> None:
        try:
            while not self._stopped.wait(PAUSE):
                for repository in self._due():
                    for connection in self._connections:
                        self._look(connection, repository)
        except BaseException as error:
            self.broke = error

    def _due(self) -> list[str]:
        """Those where something was done lately or is not as it should be, and one of the others."""
        touched, now = dict(self._hands.touched), time.monotonic()
        busy = {name for name, moment in touched.items() if now - moment < LATELY} | {where[1] for where, _ in self._since}
        quiet = sorted(touched.keys() - busy)
        self._round += 1
        return sorted(busy) + ([quiet[self._round % len(quiet)]] if quiet else [])

    def _look(self, connection: Connection, repository: str) -> None:
        try:
            tags, digests = tags_of(connection, repository), set(digests_of(connection, repository))
            self.seen.looks += 1
            with self._hands.lock:
                now, source = time.monotonic(), self._hands.source
                found = dict(deviations(source, repository, tags, digests))
                meant = {tag: len(source.meanings[repository, tag]) for tag in found}
                turned = list(self._turned_back(connection.name, repository, tags))
            self.seen.times.update(turned)
            self._note(connection.name, repository, found, now)
            if found and not self._under_way(repository):
                self._confirm(connection, repository, found, meant)
        except (OSError, http.client.HTTPException, AssertionError):  # it is being restarted
            return

    def _note(self, target: str, repository: str, found: dict[str, str], now: float) -> None:
        """Begin and end of what each tag is like."""
        here = {((target, repository, tag), kind) for tag, kind in found.items()}
        for key in here - self._since.keys():
            self._since[key] = now
            self.seen.times[key[1]] += 1
        for key, since in list(self._since.items()):
            where, kind = key
            if where[:2] == (target, repository):
                self.seen.longest[kind] = max(self.seen.longest.get(kind, 0.0), now - since)
                if key not in here:
                    del self._since[key]

    def _under_way(self, repository: str) -> bool:
        """Events first: one that has come through by now has a run."""
        return any(one.repository == repository for asked in (self._records.queued, self._records.running) for one in asked())

    def _confirm(self, connection: Connection, repository: str, found: dict[str, str], meant: dict[str, int]) -> None:
        tags, digests = tags_of(connection, repository), set(digests_of(connection, repository))
        with self._hands.lock:
            source, now = self._hands.source, time.monotonic()
            still = dict(deviations(source, repository, tags, digests))
            for tag, kind in found.items():
                key = ((connection.name, repository, tag), kind)
                if still.get(tag) == kind and len(source.meanings[repository, tag]) == meant[tag]:
                    lasted = now - self._since[key]
                    self.seen.alone[key] = f"{connection.name}: {repository}:{tag} is {kind}: {tags.get(tag)}, for {lasted:.1f} s"
                    self.seen.longest_alone[kind] = max(self.seen.longest_alone.get(kind, 0.0), lasted)

    def _turned_back(self, target: str, repository: str, tags: dict[str, str]) -> Iterator[str]:
        """`turned back`: a tag that had come further once. That its run puts it right is judged by what it is."""
        for tag, digest in tags.items():
            places = [number for number, one in enumerate(self._hands.source.meanings.get((repository, tag), ())) if one.digest == digest]
            if places:
                where = (target, repository, tag)
                if places[-1] < self._latest.get(where, -1):
                    yield "turned back"
                self._latest[where] = places[-1]


def deviations(source: Source, repository: str, tags: dict[str, str], digests: set[str]) -> Iterator[tuple[str, str]]:
    """Tag and kind of each that is not as at the source. What the source's own index keeps from coming, and what was untagged, of which no
    event tells, are left out."""
    here = source.of(repository)
    for (name, tag), meanings in source.meanings.items():
        if name != repository or not meanings or meanings[-1].untagged:
            continue
        wanted, held = meanings[-1].digest, tags.get(tag)
        if wanted is not None and next(here.missing(here.manifests[wanted]), None) is not None:
            continue
        if held == wanted:
            if held is not None and any(child.digest not in digests for child in below(here.manifests[held])):
                yield tag, "half"
        elif held is None:
            yield tag, "absent"
        else:
            yield tag, "older" if any(one.digest == held for one in meanings) else "foreign"


def below(image: Image) -> Iterator[Image]:
    for child in image.children:
        yield child
        yield from below(child)
