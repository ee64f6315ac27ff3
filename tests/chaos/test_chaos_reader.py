"""What the reader takes for a deviation, and what it finds alone at a registry in which one was planted."""

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from devkit.demo.push import Pusher
from devkit.tls import TlsFiles
from tests.chaos.artifacts import image, index
from tests.chaos.hands import Hands
from tests.chaos.reader import Reader, deviations
from tests.chaos.records import Records, Told
from tests.chaos.source import Delete, Push, Source, Untag
from tests.chaos.test_chaos_inventory import registry_of
from tests.devkit.cloud.running import Clouds

FIRST, SECOND, BOTH = image("first"), image("second"), index("both", (image("one"), image("other")))
NAME = "team/app"


def source(*steps: Push | Delete | Untag) -> Source:
    made = Source()
    for step in steps:
        made.apply(step)
    return made


MOVED = (Push(NAME, FIRST, "v1"), Push(NAME, SECOND, "v1"))


@pytest.mark.parametrize(
    "steps, tags, digests, found",
    [
        pytest.param(MOVED, {"v1": SECOND.digest}, set(), {}, id="as at the source"),
        pytest.param(MOVED, {"v1": FIRST.digest}, set(), {"v1": "older"}, id="older"),
        pytest.param(MOVED, {}, set(), {"v1": "absent"}, id="absent"),
        pytest.param(MOVED, {"v1": BOTH.digest}, set(), {"v1": "foreign"}, id="what it never meant"),
        pytest.param((*MOVED, Delete(NAME, SECOND.digest)), {"v1": SECOND.digest}, set(), {"v1": "older"}, id="deleted at the source"),
        pytest.param((*MOVED, Untag(NAME, "v1")), {"v1": SECOND.digest}, set(), {}, id="untagged, of which no event tells"),
        pytest.param(
            (Push(NAME, BOTH, "v1"),), {"v1": BOTH.digest}, {BOTH.digest, BOTH.children[0].digest}, {"v1": "half"}, id="half an index"
        ),
        pytest.param(
            (Push(NAME, BOTH, "v1"), Delete(NAME, BOTH.children[0].digest)), {}, set(), {}, id="an index of which the source lacks half"
        ),
    ],
)
def test_what_is_not_as_at_the_source(steps: Sequence[Any], tags: dict[str, str], digests: set[str], found: dict[str, str]) -> None:
    assert dict(deviations(source(*steps), NAME, tags, digests)) == found


@pytest.mark.parametrize("under_way, alone", [(False, 1), (True, 0)])
def test_a_planted_old_tag_is_alone_unless_something_puts_it_right(clouds: Clouds, tls: TlsFiles, under_way: bool, alone: int) -> None:
    """The tag has moved on at the source, and the registry that is looked at holds what it meant before."""
    repository = f"reader/alone{under_way}".lower()
    registry = registry_of(clouds.target)
    with Pusher(registry, tls.ca) as pusher:
        pusher.push(FIRST, repository, "v1")
    hands = cast(Hands, SimpleNamespace(source=source(*(Push(repository, one.image, "v1") for one in MOVED)), lock=threading.Lock()))
    hands.touched = {repository: 0.0}
    run = Told(repository, "v1", SECOND.digest, "push")
    records = cast(Records, SimpleNamespace(queued=lambda: [run] if under_way else [], running=lambda: []))
    reader = Reader([registry], tls.ca, hands, records)
    reader.start()
    while reader.seen.looks < 2 and reader.broke is None:
        reader.join(0.05)
    seen = reader.stop()
    assert (seen.times["older"], len(seen.alone)) == (1, alone)
