"""What may happen at the source, and the judge of the end."""

from random import Random

from tests.convergence.player import Player
from tests.convergence.registry import CHILDREN, MANIFESTS, SUBJECT, TAGS, below
from tests.convergence.world import Weather, World

WITHOUT_END = 400_000  # steps


class History:
    def __init__(self, dice: Random, weather: Weather, faults: int = 1_000_000) -> None:
        self.world = World(dice, weather, faults)
        self.player = Player(self.world)
        self.untagged: set[str] = set()
        self._dice = dice

    # the source

    def in_sync(self, pushes: list[tuple[str, str | None]]) -> None:
        for letter, tag in pushes:
            for one in (*below(letter), letter):
                self.world.source.put(0, one)
            self.world.source.put(0, letter, tag)
        held, tags = self.world.source.held, self.world.source.tags
        for registry in (self.world.source, self.world.target):
            registry.held, registry.tags = held, dict(tags)
            registry.past = [(float("-inf"), (held, dict(tags)))]
        self._tell(f"both {self.world.source}")

    def push(self, letter: str, tag: str | None) -> None:
        """A client pushes what an index lists first, or skips what is there."""
        events: list[tuple[str, str | None]] = []
        for child in below(letter):
            if child not in self.world.source.held or self._dice.random() < 0.5:
                self.world.source.put(self.world.now, child)
                events.append((child, None))
        self.world.source.put(self.world.now, letter, tag)
        self._tell(f"push {f'{tag}=' if tag else ''}{letter} -> source {self.world.source}")
        for one, name in (*events, (letter, tag)):
            self._event("push", one, name)

    def delete(self, letter: str) -> None:
        if self.world.source.delete(self.world.now, letter):
            self._tell(f"delete {letter} -> source {self.world.source}")
            self._event("delete", letter, None)

    def delete_repository(self) -> None:
        if self.world.source.held:
            self.world.source.become(self.world.now, frozenset(), {})
            self._tell("delete the repository")
            self._event("delete", None, None)

    def untag(self, tag: str) -> None:
        """No event tells of it."""
        if self.world.source.untag(self.world.now, tag):
            self.untagged.add(tag)
            self._tell(f"untag {tag} -> source {self.world.source}")

    def lock(self, what: str) -> None:
        """At the target; a tag or a manifest."""
        self.world.target.locked.add(what)
        self._tell(f"lock {what} at the target")

    def _event(self, action: str, letter: str | None, tag: str | None) -> None:
        """At least once, in no order, late."""
        for _ in range(2 if self.world.happens(self.world.weather.doubled) else 1):
            late = self._dice.uniform(0, 120) if self._dice.random() < 0.3 else self._dice.uniform(0, 6)
            self.player.start(action, letter, tag, late)

    def _tell(self, text: str) -> None:
        self.world.who = "SOURCE"
        self.world.tell(text)

    # time

    def go_on(self, requests: int) -> None:
        """Of whoever is next, in any order."""
        for _ in range(requests):
            self.world.now += 1
            self.player.wake()
            if self.player.awake:
                self.player.play(self._dice.choice(self.player.awake))
            elif self.player.quiet:
                return
            else:
                self.world.now = max(self.world.now, self.player.next_due())

    def end(self) -> None:
        """When all is quiet."""
        for _ in range(WITHOUT_END):
            if self.player.quiet:
                return
            self.go_on(1)
        raise AssertionError("a history without end")

    def differences(self) -> list[str]:
        """But for what no event tells, what is locked, and what the source's own index lacks."""
        source, target = self.world.source, self.world.target
        half = {one for one in source.held if any(child not in source.held for child in below(one))}
        stuck = {tag for tag, held in source.tags.items() if held in half and target.tags.get(tag) != held}
        allowed = {tag for tag in self.untagged if tag not in source.tags} | {
            tag for tag in target.tags if target.tags[tag] in target.locked
        }
        allowed |= stuck | target.locked
        found = [
            f"tag {tag}: source {source.tags.get(tag)}, target {target.tags.get(tag)}"
            for tag in TAGS
            if source.tags.get(tag) != target.tags.get(tag) and tag not in allowed
        ]
        spared = {target.tags[tag] for tag in allowed if tag in target.tags} | target.locked
        while more := {SUBJECT[one] for one in spared if one in SUBJECT} - spared:  # what is kept keeps its subject
            spared |= more
        found += [f"{one} is missing" for one in sorted(source.held - target.held) if one not in half]
        return found + [f"{one} is too many" for one in sorted(target.held - source.held) if one not in spared]


def drawn(dice: Random, weather: Weather, *, locks: bool = False) -> History:
    """One to eight operations, close together or far apart."""
    history = History(dice, weather)
    if dice.random() < 0.7:
        tags = (*TAGS, None)
        history.in_sync([(dice.choice(MANIFESTS), dice.choice(tags)) for _ in range(dice.randrange(5))])
    pace = dice.choice([3, 12, 60])
    for _ in range(1 + dice.randrange(8)):
        history.go_on(dice.randrange(2 * pace))
        operate(history, dice)
        if locks and dice.random() < 0.2:
            history.lock(dice.choice((*MANIFESTS, *TAGS)))
    history.end()
    return history


def operate(history: History, dice: Random) -> None:
    what, letter = dice.random(), dice.choice(MANIFESTS)
    if what < 0.58:
        tagged = dice.random() < (0.2 if letter in SUBJECT or letter in "cde" else 0.8)
        history.push(letter, dice.choice(TAGS) if tagged else None)
    elif what < 0.94:
        history.delete(letter)
    elif what < 0.97:
        history.delete_repository()
    else:
        history.untag(dice.choice(TAGS))


def story_of(history: History) -> str:
    return "\n".join([*history.world.story[-400:], *history.differences()])


__all__ = ["CHILDREN", "History", "drawn", "operate", "story_of"]
