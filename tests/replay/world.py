"""A source and a target in memory, and the activities as they act on them: for many orchestrations at once, on one clock.

What goes wrong is drawn from one seed: reads of the source are stale for a while after a write, activities run twice, imports fail, are
called done without effect, or land late and twice. Nothing of the app's registry code is used."""

import heapq
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from devkit.host.durable.messages import Event
from replication.limits import Limits
from tests.replay.play import T0, Instance
from tests.replay.shapes import failed, running

LIMITS = Limits(settle=60, delete_delay=60, recheck=120, patience=600, import_deadline=600, rounds=20)
STALE = 40.0  # seconds; the delays above are longer, as they have to be
State = tuple[frozenset[str], dict[str, str]]


class World:
    def __init__(self, seed: int, *, stale: bool) -> None:
        self.dice = Random(seed)
        self.now = T0
        self.digests: set[str] = set()
        self.tags: dict[str, str] = {}
        self.at_target: set[str] = set()
        self.target_tags: dict[str, str] = {}
        self._past: list[tuple[datetime, State]] = [(T0, (frozenset(), {}))]
        self._stale = stale
        self._queue: list[tuple[datetime, int, Any]] = []
        self._count = 0

    # what happens at the source

    def push(self, tag: str | None, digest: str) -> None:
        self.digests.add(digest)
        if tag is not None:
            self.tags[tag] = digest
        self._written()
        self._event("push", tag, digest)

    def delete(self, digest: str) -> None:
        self.digests.discard(digest)
        self.tags = {tag: held for tag, held in self.tags.items() if held != digest}
        self._written()
        self._event("delete", None, digest)

    def _written(self) -> None:
        self._past.append((self.now, (frozenset(self.digests), dict(self.tags))))

    def _event(self, action: str, tag: str | None, digest: str) -> None:
        """At least once, in no order, up to two minutes late. A delete is looked into after the delete delay."""
        for _ in range(2 if self.dice.random() < 0.2 else 1):
            at = self.now + timedelta(seconds=self.dice.uniform(0, 120) + (LIMITS.delete_delay if action == "delete" else 0))
            self.later(at, lambda at=at: self._start(at, action, tag, digest))

    def _start(self, at: datetime, action: str, tag: str | None, digest: str) -> None:
        named = {"target": "china", "repository": "team/app", "tag": tag, "digest": digest, "removing": action == "delete"}
        given = {"work": named, "limits": LIMITS.to_json(), "began": at.isoformat()}
        one = Instance("publish_to_target", given, self.activity, f"run{self._count}")
        self._follow(one, one.begin(at))

    def _follow(self, one: Instance, due: Iterable[tuple[datetime, Any]]) -> None:
        assert one.played.error is None, one.played.error
        for at, how in due:
            self.later(at, lambda at=at, how=how: self._follow(one, one.advance(at, self._happened(how))))

    def _happened(self, how: Any) -> Event:
        if self.dice.random() < 0.05:
            how()  # an activity that died after its effect runs once more
        event: Event = how()
        return event

    def later(self, at: datetime, what: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self._count, what))

    def run(self) -> None:
        """Until all is quiet."""
        while self._queue:
            self.now, _, what = heapq.heappop(self._queue)
            what()

    # the activities

    def activity(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        if name == "check_import":
            return {"state": "ended"} if self.dice.random() < 0.5 else running(5)
        if self.dice.random() < 0.05:
            return failed("transient")
        answer: dict[str, Any] = getattr(self, f"_{name}")(given)
        return answer

    def _record_outcomes(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _authenticate_target(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"valid_for": 3000}

    def _look(self, work: dict[str, Any]) -> dict[str, Any]:
        digests, tags = self._source()
        tag, digest = work["tag"], work["digest"]
        source = {"tagged": tags.get(tag), "has_digest": digest in digests}
        target = {"tagged": self.target_tags.get(tag), "has_digest": digest in self.at_target}
        return {"source": source, "target": target, "index": False, "unclaimed": False}

    def _open_imports(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"generations": [], "retry_after": 0}

    def _look_around(self, given: dict[str, Any]) -> dict[str, Any]:
        digests, tags = self._source()
        names = {*given["tags"], *(tag for tag, held in self.target_tags.items() if held in given["digests"])}
        plain = {"index": False, "subject": None, "bound": False, "wanted": True}
        members = [{"digest": one, "source": one in digests, "target": one in self.at_target, **plain} for one in given["digests"]]
        meanings = [{"tag": tag, "source": tags.get(tag), "target": self.target_tags.get(tag)} for tag in sorted(names)]
        return {"members": members, "tags": meanings, "deletes": True}

    def _remove_tag(self, work: dict[str, Any]) -> dict[str, Any]:
        if work["tag"] in self._source()[1]:
            return {"state": "came_back"}
        return {"state": "untagged" if self.target_tags.pop(work["tag"], None) else "absent"}

    def _start_import(self, work: dict[str, Any]) -> dict[str, Any]:
        luck = self.dice.random()
        if luck < 0.1:
            return {"state": "failed", "cause": failed("transient", "import_failed")["failure"]}
        if luck < 0.9:  # else ARM will call it done, and nothing was stored
            for _ in range(2 if luck < 0.2 else 1):
                self.later(self.now + timedelta(seconds=self.dice.uniform(0, 90)), lambda: self._land(work["digest"]))
        return running(5)

    def _land(self, digest: str) -> None:
        if digest in self.digests:
            self.at_target.add(digest)

    def _examine_source(self, work: dict[str, Any]) -> dict[str, Any]:
        return {"gone": work["digest"] not in self._source()[0], "lacks": []}

    def _move_tag(self, work: dict[str, Any]) -> dict[str, Any]:
        if self._source()[1].get(work["tag"]) != work["digest"]:
            return {"state": "moved_on"}
        assert work["digest"] in self.at_target or work["digest"] not in self.digests, "a tag moved before its content was there"
        if work["digest"] in self.at_target:
            self.target_tags[work["tag"]] = work["digest"]
        return {"state": "moved"}

    def _delete_artifact(self, work: dict[str, Any]) -> dict[str, Any]:
        digest = work["digest"]
        if digest in self._source()[0]:
            return {"state": "came_back"}
        if digest not in self.at_target:
            return {"state": "absent"}
        self.at_target.discard(digest)
        self.target_tags = {tag: held for tag, held in self.target_tags.items() if held != digest}
        return {"state": "deleted"}

    def _verify_digest(self, work: dict[str, Any]) -> dict[str, Any]:
        there = work["digest"] in self.at_target if work["tag"] is None else self.target_tags.get(work["tag"]) == work["digest"]
        return {"verified": there, "missing": [] if there else [work["digest"]], "manifests": 1}

    def _source(self) -> State:
        """As one replica answers: now, or as it was up to STALE seconds ago."""
        if not self._stale or self.dice.random() < 0.7:
            return self._past[-1][1]
        seen = self.now - timedelta(seconds=self.dice.uniform(0, STALE))
        return next(state for at, state in reversed(self._past) if at <= seen or at == T0)
