"""What the source holds after each thing that is done to it, by a registry's rules, and every meaning that a tag has had, in its order.

Rules: a deleted manifest takes its tags along, and its referrers, theirs too; an index leaves its children, and nothing protects them; an
untagged manifest stays (Azure Container Registry, as in docs/devkit.md)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from devkit.local.images import Image
from tests.chaos.artifacts import subject_of


@dataclass(frozen=True, slots=True)
class Push:
    """With whatever of its children is not there; untagged if `tag` is None."""

    repository: str
    image: Image
    tag: str | None


@dataclass(frozen=True, slots=True)
class Delete:
    repository: str
    digest: str


@dataclass(frozen=True, slots=True)
class Untag:
    repository: str
    tag: str


@dataclass(frozen=True, slots=True)
class DeleteRepository:
    repository: str


Step = Push | Delete | Untag | DeleteRepository


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a tag means from then on; None: nothing. `moment`: when the registry had answered, by this process's clock. `untagged`: of this
    no event tells."""

    moment: float
    digest: str | None
    untagged: bool = False


@dataclass(slots=True)
class Repository:
    manifests: dict[str, Image] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    gone: dict[str, Image] = field(default_factory=dict)  # what was there once, and may come back
    blobs: set[str] = field(default_factory=set)

    def tags_of(self, digest: str) -> list[str]:
        return [tag for tag, meant in self.tags.items() if meant == digest]

    def referrers_of(self, digest: str) -> list[str]:
        return [one for one, image in self.manifests.items() if subject_of(image) == digest]

    def missing(self, image: Image) -> Iterator[Image]:
        """Of what it lists, the deepest first."""
        for child in image.children:
            if child.digest not in self.manifests:
                yield from self.missing(child)
                yield child


@dataclass(slots=True)
class Source:
    repositories: dict[str, Repository] = field(default_factory=dict)
    meanings: dict[tuple[str, str], list[Meaning]] = field(default_factory=dict)

    def of(self, repository: str) -> Repository:
        return self.repositories.setdefault(repository, Repository())

    def apply(self, step: Step, moment: float = 0.0) -> None:
        here = self.of(step.repository)
        match step:
            case Push(repository, image, tag):
                for one in (*here.missing(image), image):
                    here.manifests[one.digest] = one
                    here.gone.pop(one.digest, None)
                if tag is not None and here.tags.get(tag) != image.digest:
                    here.tags[tag] = image.digest
                    self._means(repository, tag, Meaning(moment, image.digest))
            case Delete(repository, digest):
                self._delete(repository, digest, moment)
            case Untag(repository, tag):
                if here.tags.pop(tag, None) is not None:
                    self._means(repository, tag, Meaning(moment, None, untagged=True))
            case DeleteRepository(repository):
                for digest in list(here.manifests):
                    self._delete(repository, digest, moment)
                here.blobs.clear()

    def _delete(self, repository: str, digest: str, moment: float) -> None:
        here, left = self.of(repository), [digest]
        while left:
            one = left.pop()
            if (image := here.manifests.pop(one, None)) is None:
                continue
            here.gone[one] = image
            for tag in here.tags_of(one):
                del here.tags[tag]
                self._means(repository, tag, Meaning(moment, None))
            left += here.referrers_of(one)

    def _means(self, repository: str, tag: str, meaning: Meaning) -> None:
        self.meanings.setdefault((repository, tag), []).append(meaning)
