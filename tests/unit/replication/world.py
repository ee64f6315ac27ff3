"""A source and a target of two tags and three digests, so small that every world can be tried, and runs that act on `next_step`.

A tag always means a digest that its registry holds. Deleting a manifest removes the tags that point at it, as registries do. What stands
between two `yield`s is one request, so runs interleave at every read and at every write."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product

from replication.decisions import Bring, Held, Rest, next_step
from replication.neighbourhood import Meaning, Member, Neighbourhood, Remove, Step, Untag
from replication.references import Digest, Tag

TAGS = [Tag(name) for name in "ab"]
DIGESTS = [Digest(number * 64) for number in "123"]


@dataclass
class Side:
    """A registry. Equal ones hold the same."""

    digests: set[Digest] = field(default_factory=set)
    tags: dict[Tag, Digest] = field(default_factory=dict)

    def push(self, digest: Digest, tag: Tag | None) -> None:
        self.digests.add(digest)
        if tag is not None:
            self.tags[tag] = digest

    def delete(self, digest: Digest) -> None:
        self.digests.discard(digest)
        for tag in self.tags_on(digest):
            del self.tags[tag]

    def tags_on(self, digest: Digest) -> set[Tag]:
        return {tag for tag, held in self.tags.items() if held == digest}

    def holds(self, tag: Tag | None, digest: Digest) -> Held:
        return Held(None if tag is None else self.tags.get(tag), digest in self.digests)

    def copy(self) -> "Side":
        return Side(set(self.digests), dict(self.tags))


@dataclass
class World:
    source: Side
    target: Side

    def around(self, digest: Digest, known: set[Tag]) -> Neighbourhood:
        tags = sorted(known | self.target.tags_on(digest))
        meanings = tuple(Meaning(tag, self.source.tags.get(tag), self.target.tags.get(tag)) for tag in tags)
        return Neighbourhood((Member(digest, digest in self.source.digests, digest in self.target.digests),), meanings)

    def decide(self, tag: Tag | None, digest: Digest, *, removing: bool) -> tuple[Step, ...]:
        """As it is seen with nobody else at work."""
        if not removing:
            step = next_step(tag=tag, digest=digest, source=self.source.holds(tag, digest), target=self.target.holds(tag, digest))
            if isinstance(step, Bring):
                return (step,)
            if isinstance(step, Rest):
                return ()
        return self.around(digest, {tag} if tag else set()).next_steps()

    def act(self, step: Step) -> None:
        match step:
            case Bring():
                self.target.push(step.digest, step.tag)
            case Untag():
                del self.target.tags[step.tag]
            case Remove():
                self.target.delete(step.digest)


def run(world: World, tag: Tag | None, digest: Digest) -> Iterator[None]:
    """A push event's run, as `publish_to_target` goes about it: look, bring content, ask the source once more, move the tag, look again."""
    source, target = world.source, world.target
    while True:
        yield
        source_tagged = source.tags.get(tag) if tag else None
        yield
        target_tagged = target.tags.get(tag) if tag else None
        yield
        source_has = digest in source.digests
        yield
        held = Held(target_tagged, digest in target.digests)
        step = next_step(tag=tag, digest=digest, source=Held(source_tagged, source_has), target=held)
        if not isinstance(step, Bring):
            return
        yield  # ARM begins to copy
        if step.digest in source.digests:
            yield  # ARM has copied
            target.push(step.digest, None)
        yield
        if step.tag is not None and source.tags.get(step.tag) == step.digest:
            yield
            if step.digest in target.digests:
                target.push(step.digest, step.tag)


def all_sides() -> Iterator[Side]:
    for count in range(len(DIGESTS) + 1):
        for digests in combinations(DIGESTS, count):
            for meant in product((None, *digests), repeat=len(TAGS)):
                yield Side(set(digests), {tag: digest for tag, digest in zip(TAGS, meant, strict=True) if digest is not None})


def all_worlds() -> Iterator[World]:
    """3,136 of them."""
    for source, target in product(list(all_sides()), repeat=2):
        yield World(source.copy(), target.copy())


def all_looks() -> Iterator[tuple[World, Tag | None, Digest, bool]]:
    """Every world, and every tag, digest and kind of run that may look at it; worlds are shared."""
    for world in all_worlds():
        for tag, digest in product((*TAGS, None), DIGESTS):
            for removing in (False, True) if tag is None else (False,):
                yield world, tag, digest, removing
