"""The app's steps, as they act on the world: a `yield` is one request. What they answer is what the activities of these names answer."""

import uuid
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

from ledger.intents import Claim, Content, Intent
from replication.decisions import Held
from replication.failures import Code, Failure, Kind
from replication.references import Digest, Repository
from replication.work import Seen
from tests.convergence.registry import CHILDREN, SUBJECT, Registry, below, digest_of, letter_of
from tests.convergence.world import World

Json = dict[str, Any]
Step = Generator[None, None, Json]


def failure(kind: Kind, code: Code) -> Json:
    return {"failure": Failure(kind=kind, code=code, doing="do it", said="no", hint="mend it").to_json()}


class Steps:
    def __init__(self, world: World) -> None:
        self._world = world
        self._intents: dict[str, Intent] = {}

    def begin(self, name: str, given: Json) -> Step:
        step: Callable[[Json], Step] = getattr(self, f"_{name}")
        return step(given)

    # questions

    def _tag(self, registry: Registry, tag: str) -> str | None:
        return self._world.see(registry, tag)[1].get(tag)

    def _has(self, registry: Registry, letter: str) -> bool:
        return letter in self._world.see(registry, letter)[0]

    def _authenticate_target(self, _: Json) -> Step:
        yield
        return {"valid_for": 3000}

    def _record_outcomes(self, _: Json) -> Step:
        yield
        return {}

    def _look(self, given: Json) -> Step:
        tag, letter = given["tag"], letter_of(given["digest"])
        source, target = self._world.source, self._world.target
        sides: list[Held] = []
        tagged: list[str | None] = [None, None]
        for place, registry in enumerate((source, target)):
            yield
            tagged[place] = meant = self._tag(registry, tag) if tag else None
            if meant != letter:
                yield
            sides.append(Held(Digest.parse(digest_of(meant)) if meant else None, meant == letter or self._has(registry, letter)))
        names = tagged[0] if tag else letter
        unclaimed = not tag and sides[0].has_digest and not sides[1].has_digest and letter not in SUBJECT
        return Seen(source=sides[0], target=sides[1], index=names in CHILDREN, unclaimed=unclaimed).to_json()

    def _look_around(self, given: Json) -> Step:
        source, target = self._world.source, self._world.target
        family = [letter_of(one) for one in given["digests"]]
        tags, members = set(given["tags"]), []
        at_target: dict[str, str] = {}
        for letter in family:  # grows while it is walked
            yield
            here = self._has(source, letter)
            yield
            held, named = self._world.see(target, f"{letter} and its tags")
            mine = {tag for tag, meant in named.items() if meant == letter}
            tags |= mine
            at_target |= dict.fromkeys(mine, letter)
            for registry in (source, target):
                yield
                found = self._world.see(registry, f"what refers to {letter}")[0]
                family += sorted({one for one in found if SUBJECT.get(one) == letter} - set(family))
            subject = SUBJECT.get(letter) if SUBJECT.get(letter) in family else None
            plain = {"index": letter in CHILDREN, "bound": False, "wanted": True, "subject": digest_of(subject) if subject else None}
            members.append({"digest": digest_of(letter), "source": here, "target": letter in held, **plain})
        meanings = []
        for tag in sorted(tags):
            yield
            meant = self._tag(source, tag)
            if tag not in at_target:
                yield
                there = self._tag(target, tag)
            else:
                there = at_target[tag]
            meanings.append({"tag": tag, "source": digest_of(meant) if meant else None, "target": digest_of(there) if there else None})
        return {"members": members, "tags": meanings, "spares": None}

    def _verify_digest(self, given: Json) -> Step:
        letter, target = letter_of(given["digest"]), self._world.target
        yield
        if given["tag"]:
            there = self._tag(target, given["tag"]) == letter
            return {"verified": there, "missing": [] if there else [given["tag"]], "manifests": 1}
        if not self._has(target, letter):
            return {"verified": False, "missing": [given["digest"]], "manifests": 1}
        missing = []
        for child in below(letter):
            yield
            if not self._has(target, child):
                missing.append(digest_of(child))
        if not missing and given.get("generation"):
            self._ended(given["digest"], given["generation"])
        return {"verified": not missing, "missing": missing, "manifests": 1}

    def _examine_source(self, given: Json) -> Step:
        letter = letter_of(given["digest"])
        yield
        if not self._has(self._world.source, letter):
            return {"gone": True, "lacks": []}
        lacks = []
        for child in map(letter_of, given["suspects"]) if given["suspects"] else below(letter):
            yield
            if not self._has(self._world.source, child):
                lacks.append(digest_of(child))
        return {"gone": False, "lacks": lacks}

    def _differences(self, given: Json) -> Step:
        """The source cannot be listed. The list comes in pages of one."""
        yield
        held, named = self._world.see(self._world.target, "its list")
        kind = [one for one in sorted(held, key=digest_of) if (one in CHILDREN) == given["indexes"]]
        page = [one for one in kind if given["after"] is None or digest_of(one) > given["after"]][:1]
        return {"digests": list(map(digest_of, page)), "tags": sorted(tag for tag, meant in named.items() if meant in page), "more": False}

    def _weigh_removal(self, _: Json) -> Step:
        yield
        return {"manifests": len(self._world.see(self._world.target, "its size")[0])}

    # changes

    def _move_tag(self, given: Json) -> Step:
        tag, letter, world = given["tag"], letter_of(given["digest"]), self._world
        yield
        if self._tag(world.source, tag) != letter:
            return {"state": "moved_on"}
        yield
        if letter not in world.target.held and world.dice.random() < 0.5:
            return failure("transient", "manifest_refused")  # blobs gone already; otherwise the PUT brings the manifest back
        if tag in world.target.locked:
            return failure("conflict", "locked")
        return self._write(f"PUT {tag}={letter}", lambda: world.target.put(world.now, letter, tag)) or {"state": "moved"}

    def _remove_tag(self, given: Json) -> Step:
        tag, world = given["tag"], self._world
        yield
        if self._tag(world.source, tag):
            return {"state": "came_back"}
        yield
        if tag in world.target.locked:
            return failure("conflict", "locked")
        there = tag in world.target.tags
        return self._write(f"UNTAG {tag}", lambda: world.target.untag(world.now, tag)) or {"state": "untagged" if there else "absent"}

    def _delete_artifact(self, given: Json) -> Step:
        letter, world = letter_of(given["digest"]), self._world
        yield
        if self._has(world.source, letter):
            return {"state": "came_back"}
        yield
        if letter in world.target.locked:
            return failure("conflict", "locked")
        there = letter in world.target.held
        return self._write(f"DELETE {letter}", lambda: world.target.delete(world.now, letter)) or {
            "state": "deleted" if there else "absent"
        }

    def _write(self, what: str, act: Callable[[], object]) -> Json | None:
        """None: done and answered."""
        world = self._world
        if world.happens(world.weather.lost):
            world.tell(f"{what}: no answer")
            world.later(1 + world.dice.uniform(0, 60), f"{what}, late", act)
            return failure("transient", "unreachable")
        act()
        world.tell(f"{what} -> target {world.target}")
        return None

    # imports, and what is known of them

    def _start_import(self, given: Json) -> Step:
        world, content = self._world, Content("china", Repository("team/app"), Digest.parse(given["digest"]))
        yield
        mine, found = Intent.new(content, given["run"], datetime.fromisoformat(given["at"])), self._intents.get(given["digest"])
        if found is not None and not found.makes_way_for(given.get("instead_of")):
            claim = Claim.of(found, mine)
        else:
            self._intents[given["digest"]], claim = mine, Claim("new", mine)
        known = {"generation": claim.intent.generation}
        if claim.whose != "new":
            if claim.intent.operation is None:
                return {**known, "state": "unknown", "since": claim.intent.since.isoformat()}
            return {**known, "state": "running", "operation": claim.intent.operation, "retry_after": 0.0}
        yield
        operation = f"/{uuid.UUID(int=world.dice.getrandbits(64)).hex}"
        world.tell(f"POST import of {letter_of(given['digest'])}")
        world.post(operation, letter_of(given["digest"]))
        yield
        self._intents[given["digest"]] = Intent(
            content=content, run=given["run"], generation=mine.generation, since=mine.since, operation=operation
        )
        return {**known, "state": "running", "operation": operation, "retry_after": 5.0}

    def _check_import(self, given: Json) -> Step:
        yield
        state = self._world.operations.get(given["operation"], "ended")
        if state == "running":
            return {"state": "running", "operation": given["operation"], "retry_after": 5.0}
        self._ended(given["digest"], given["generation"])
        return {"state": "ended"} if state == "ended" else {"state": "failed", "cause": failure("transient", "import_failed")["failure"]}

    def _open_imports(self, given: Json) -> Step:
        yield
        at, asked = datetime.fromisoformat(given["at"]), given.get("generations")
        still = []
        for intent in list(self._intents.values()):
            young = (at - intent.since).total_seconds() < given["patience"]
            if (asked is None or intent.generation in asked) and (intent.operation or young):
                if asked is not None and intent.operation and self._world.operations.get(intent.operation) != "running":
                    self._ended(str(intent.content.digest), intent.generation)
                else:
                    still.append(intent.generation)
        return {"generations": still, "retry_after": 10.0}

    def _ended(self, digest: str, generation: str) -> None:
        if digest in self._intents and self._intents[digest].generation == generation:
            del self._intents[digest]
