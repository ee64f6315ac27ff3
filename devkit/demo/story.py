"""What the demo does to the source registry, and what must be true everywhere when it is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from devkit.demo.judge import Expected
from devkit.demo.push import Pusher
from devkit.local.images import Image, make_image, make_index

LONGEST_TAG = 32  # characters that a row of the tables has for it


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done to the source, which makes one event."""

    title: str
    repository: str
    tag: str | None
    digest: str
    action: Literal["push", "delete"] = "push"

    @property
    def artifact(self) -> str:
        return named(self.repository, self.tag or self.digest)


def named(repository: str, reference: str) -> str:
    """`team/web:v1`, `team/web@1f2e3d4c5b6a`; of a tag that is made of a digest, the beginning and the end."""
    if ":" in reference:
        return f"{repository}@{short(reference)}"
    return f"{repository}:{reference if len(reference) < LONGEST_TAG else f'{reference[:12]}…{reference[-8:]}'}"


def short(digest: str) -> str:
    """Enough of it to tell one from another by eye."""
    return digest.removeprefix("sha256:")[:12]


class Story:
    """Two chapters, the second to be told when all of the first has arrived. Each change is done when it is yielded."""

    def __init__(self, pusher: Pusher) -> None:
        self._pusher = pusher
        self._expected: dict[tuple[str, str], str | None] = {}
        self._first, self._second, self._job = make_image("web 1"), make_image("web 2"), make_image("job 1")
        self._api = make_index("api 1", ("amd64", "arm64"))

    def expected(self) -> list[Expected]:
        """After what has been done so far."""
        return [Expected(repository, reference, digest) for (repository, reference), digest in self._expected.items()]

    def publish(self) -> Iterator[Change]:
        yield self._push("pushed", self._first, "team/web", "v1")
        yield self._push("second tag", self._first, "team/web", "stable")
        yield self._push("next version", self._second, "team/web", "v2")
        yield self._push("multi-arch", self._api, "team/api", "v1")
        yield self._push("its SBOM", make_image("sbom of api 1", layers=0, subject=self._api), "team/api")
        yield self._push(
            "its signature", make_image("signature of api 1", layers=0), "team/api", f"{self._api.digest.replace(':', '-')}.sig"
        )
        yield self._push("pushed", self._job, "team/job", "v1")

    def change(self) -> Iterator[Change]:
        yield self._push("moved to v2", self._second, "team/web", "stable")
        self._pusher.delete("team/job", self._job.digest)
        self._expected |= {("team/job", "v1"): None, ("team/job", self._job.digest): None}
        yield Change("deleted", "team/job", None, self._job.digest, "delete")

    def _push(self, title: str, image: Image, repository: str, tag: str | None = None) -> Change:
        self._pusher.push(image, repository, tag)
        self._expected[repository, tag or image.digest] = image.digest
        return Change(title, repository, tag, image.digest)
