"""What happens at the source while the host is killed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devkit.local.images import Image, make_image, make_index
from tests.e2e.running import Site

FIRST, SECOND = make_image("crash first", layers=1), make_image("crash second", layers=1)
INDEX = make_index("crash index", ["amd64", "arm64"], layers=1)
SIGNATURE = make_image("crash signature", layers=0, subject=FIRST)
ALL = (FIRST, SECOND, INDEX, *INDEX.children, SIGNATURE)
TAGS = ("v1", "v2")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`before` is in place at both sides when `act` begins. `imports`: how many of them an undisturbed run starts."""

    before: tuple[tuple[Image, str | None], ...]
    act: Callable[[Site, str], object]
    imports: int


def push(image: Image, tag: str) -> Callable[[Site, str], object]:
    return lambda site, repository: site.put(image, repository, tag)


def gone(path: str) -> Callable[[Site, str], object]:
    return lambda site, repository: site.ask("source", "DELETE", path.format(name=repository))


SCENARIOS: Mapping[str, Scenario] = {
    "push": Scenario((), push(FIRST, "v1"), 1),
    "index push": Scenario((), push(INDEX, "v1"), 1),
    "retag": Scenario(((FIRST, "v1"), (SECOND, "v2")), push(SECOND, "v1"), 0),
    "delete": Scenario(((FIRST, "v1"), (SIGNATURE, None), (SECOND, "v2")), gone(f"/v2/{{name}}/manifests/{FIRST.digest}"), 0),
    "repository delete": Scenario(((INDEX, "v1"), (SECOND, "v2")), gone("/acr/v1/{name}"), 0),
}
