"""What is done to the source: decided by the seed alone, before anything runs, so that the same seed is the same story.

Few repositories are busy at a time and have few tags, so that what is done meets itself. Others follow; old ones are returned to."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from devkit.local.images import Image
from tests.chaos import artifacts
from tests.chaos.source import Delete, DeleteRepository, Push, Repository, Source, Step, Untag

BUSY = 3  # repositories at a time
EACH = 40  # operations, about, for each repository
RETURNS = 0.08  # how often an old one is returned to
MENDED = 0.8  # of the children that are deleted below an index
TAGS = ("latest", "v1", "v1.2", "V_2.0-rc.1", "t" * 128)
NAMES = ("chaos/r{}", "chaos/a-b__c.d/e{}", "r{}", "chaos/deep/er/and/deep.er/r{}")


@dataclass(frozen=True, slots=True)
class Operation:
    """What one user does without a pause."""

    number: int
    kind: str
    steps: tuple[Step, ...]


def plan(seed: int, operations: int) -> list[Operation]:
    return list(Planner(seed, operations).operations())


class Planner:
    def __init__(self, seed: int, operations: int) -> None:
        self._random = random.Random(f"operations {seed}")
        self._count = operations
        self._texts = (f"{seed} {number}" for number in count(1))
        self._source = Source()
        self._owed: list[tuple[int, str, Image]] = []  # from which operation on a child is pushed again, that an index lacks
        self._names = [NAMES[number % len(NAMES)].format(number) for number in range(max(BUSY, operations // EACH))]

    def operations(self) -> Iterator[Operation]:
        names, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
        for number in range(self._count):
            kind, steps = "push again", self._mended(number)
            while not steps:
                (kind,) = self._random.choices(names, weights)
                repository = self._choose(number)
                steps = KINDS[kind][1](self, repository, self._source.of(repository))
            for step in steps:
                self._owe(number, step)
                self._source.apply(step)
            yield Operation(number, kind, tuple(steps))

    def _choose(self, number: int) -> str:
        first = number * max(0, len(self._names) - BUSY + 1) // self._count
        if first and self._random.random() < RETURNS:
            return self._random.choice(self._names[:first])
        return self._random.choice(self._names[first : first + BUSY])

    # A child that an index lacks is mostly pushed again soon: what the source's own index lacks excuses what a target lacks

    def _owe(self, number: int, step: Step) -> None:
        if isinstance(step, Delete) and self._random.random() < MENDED:
            here = self._source.of(step.repository)
            if any(child.digest == step.digest for one in here.manifests.values() for child in one.children):
                self._owed.append((number + self._random.randrange(2, 12), step.repository, here.manifests[step.digest]))

    def _mended(self, number: int) -> Sequence[Step]:
        due = next((owed for owed in self._owed if owed[0] <= number), None)
        if due is None:
            return []
        self._owed.remove(due)
        _, name, child = due
        here = self._source.of(name)
        return [] if child.digest in here.manifests else [Push(name, child, None)]

    # What there is to choose from

    def _tag(self) -> str:
        return self._random.choice(TAGS)

    def _image(self) -> Image:
        return self._random.choice(artifacts.FORMS)(next(self._texts))

    def _one(self, among: Sequence[Image]) -> Image | None:
        return self._random.choice(among) if among else None

    # What is done; nothing where it cannot be

    def push(self, name: str, _: Repository) -> Sequence[Step]:
        return [Push(name, self._image(), self._tag())]

    def push_untagged(self, name: str, _: Repository) -> Sequence[Step]:
        return [Push(name, self._image(), None)]

    def push_with_tags(self, name: str, _: Repository) -> Sequence[Step]:
        image = self._image()
        return [Push(name, image, tag) for tag in self._random.sample(TAGS, self._random.choice((2, 3)))]

    def retag(self, name: str, here: Repository) -> Sequence[Step]:
        image = self._one(list(here.manifests.values()))
        return [] if image is None else [Push(name, image, self._tag())]

    def move_twice(self, name: str, here: Repository) -> Sequence[Step]:
        """The second time sometimes back to where the tag was."""
        tag = self._tag()
        before = here.manifests.get(here.tags.get(tag, ""))
        again = before if before is not None and self._random.random() < 0.4 else self._image()
        return [Push(name, self._image(), tag), Push(name, again, tag)]

    def push_index(self, name: str, here: Repository) -> Sequence[Step]:
        children = [self._image() for _ in range(self._random.choice((1, 2, 3)))]
        inner = self._one([one for one in here.manifests.values() if artifacts.is_index(one)])
        if inner is not None and self._random.random() < 0.2:
            children.append(inner)
        make = self._random.choice((artifacts.index, artifacts.index, artifacts.docker_list))
        tag = self._tag() if self._random.random() < 0.9 else None
        return [Push(name, make(next(self._texts), tuple(children)), tag)]

    def push_sharing_index(self, name: str, here: Repository) -> Sequence[Step]:
        """Of a child that another index has, or of an image that is there for itself, and a new one."""
        listed = [child for one in here.manifests.values() for child in one.children if child.digest in here.manifests]
        shared = self._one(listed or list(here.manifests.values()))
        if shared is None:
            return []
        return [Push(name, artifacts.index(next(self._texts), (shared, self._image())), self._tag())]

    def refer(self, name: str, here: Repository) -> Sequence[Step]:
        """To an image, an index, a child or a referrer."""
        subject = self._one(list(here.manifests.values()))
        if subject is None:
            return []
        kind = self._random.choice((artifacts.SIGNATURE, artifacts.SBOM))
        tag = self._tag() if self._random.random() < 0.1 else None
        return [Push(name, artifacts.referrer(next(self._texts), subject, kind), tag)]

    def refer_by_cosign_tag(self, name: str, here: Repository) -> Sequence[Step]:
        subject = self._one(list(here.manifests.values()))
        return [] if subject is None else [Push(name, artifacts.image(next(self._texts)), artifacts.cosign_tag(subject.digest))]

    def refer_by_fallback(self, name: str, here: Repository) -> Sequence[Step]:
        """As a client does that does not know of the referrers API: the referrer, then the index of all that there are."""
        subject = self._one([one for one in here.manifests.values() if artifacts.subject_of(one) is None])
        if subject is None:
            return []
        new = artifacts.referrer(next(self._texts), subject, artifacts.SBOM)
        known = tuple(here.manifests[digest] for digest in here.referrers_of(subject.digest))
        return [Push(name, new, None), Push(name, artifacts.fallback((*known, new)), artifacts.fallback_tag(subject.digest))]

    def refer_ahead(self, name: str, here: Repository) -> Sequence[Step]:
        """To what is not there: a registry takes it."""
        gone = self._one(list(here.gone.values()))
        return [Push(name, artifacts.referrer(next(self._texts), gone or self._image()), None)]

    def delete(self, name: str, here: Repository) -> Sequence[Step]:
        listed = {child.digest for one in here.manifests.values() for child in one.children}
        return self._delete(name, [one for digest, one in here.manifests.items() if digest not in listed])

    def delete_child(self, name: str, here: Repository) -> Sequence[Step]:
        return self._delete(name, [child for one in here.manifests.values() for child in one.children if child.digest in here.manifests])

    def delete_subject(self, name: str, here: Repository) -> Sequence[Step]:
        subjects = {artifacts.subject_of(one) for one in here.manifests.values()}
        return self._delete(name, [one for digest, one in here.manifests.items() if digest in subjects])

    def delete_moved_on(self, name: str, here: Repository) -> Sequence[Step]:
        """What a tag meant before."""
        meanings = [meaning for (repository, _), told in self._source.meanings.items() if repository == name for meaning in told]
        once = {meaning.digest for meaning in meanings} - set(here.tags.values())
        return self._delete(name, [one for digest, one in here.manifests.items() if digest in once])

    def untag(self, name: str, here: Repository) -> Sequence[Step]:
        return [Untag(name, self._random.choice(list(here.tags)))] if here.tags else []

    def push_again(self, name: str, here: Repository) -> Sequence[Step]:
        image = self._one(list(here.gone.values()))
        if image is None:
            return []
        return [Push(name, image, self._tag() if self._random.random() < 0.8 else None)]

    def delete_repository(self, name: str, here: Repository) -> Sequence[Step]:
        return [DeleteRepository(name)] if len(here.manifests) > 5 else []

    def _delete(self, name: str, among: Sequence[Image]) -> Sequence[Step]:
        """Often what is newest, whose import may be under way."""
        one = self._one(among[-2:] if self._random.random() < 0.5 else among)
        return [] if one is None else [Delete(name, one.digest)]


KINDS: Mapping[str, tuple[float, Callable[[Planner, str, Repository], Sequence[Step]]]] = {
    "push": (18, Planner.push),
    "push untagged": (3, Planner.push_untagged),
    "several tags": (7, Planner.push_with_tags),
    "retag": (9, Planner.retag),
    "moved twice": (8, Planner.move_twice),
    "index": (8, Planner.push_index),
    "index sharing a child": (5, Planner.push_sharing_index),
    "referrer": (7, Planner.refer),
    "referrer by cosign's tag": (3, Planner.refer_by_cosign_tag),
    "referrer by the fallback tag": (2, Planner.refer_by_fallback),
    "referrer ahead": (1, Planner.refer_ahead),
    "delete": (8, Planner.delete),
    "delete a child": (2, Planner.delete_child),
    "delete a subject": (4, Planner.delete_subject),
    "delete what a tag meant": (5, Planner.delete_moved_on),
    "untag": (3, Planner.untag),
    "push again": (7, Planner.push_again),
    "delete a repository": (0.7, Planner.delete_repository),
}
