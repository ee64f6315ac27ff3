"""Whatever the order of events and however the runs interleave: the target ends equal to the source."""

from datetime import timedelta

import pytest

from tests.replay.shapes import NEW, OLD, THIRD
from tests.replay.world import World

DIGESTS, TAGS = (OLD, NEW, THIRD), ("a", "b", None)


def history(seed: int, *, stale: bool, deletes: bool = False) -> World:
    """Two to six operations, most of them close together."""
    world = World(seed, stale=stale)
    at = world.now
    for _ in range(world.dice.randint(2, 6)):
        at += timedelta(seconds=world.dice.choice([0.5, 0.5, 20, 200]))
        tag, digest = world.dice.choice(TAGS), world.dice.choice(DIGESTS)
        if deletes and world.dice.random() < 0.3:
            world.later(at, lambda digest=digest: world.delete(digest) if digest in world.digests else None)
        else:
            world.later(at, lambda tag=tag, digest=digest: world.push(tag, digest))
    world.run()
    return world


@pytest.mark.parametrize("stale", [False, True], ids=["fresh reads", "stale reads"])
@pytest.mark.parametrize("seed", range(20))
def test_pushes_end_equal(seed: int, stale: bool) -> None:
    world = history(seed, stale=stale)
    assert (world.target_tags, world.at_target) == (world.tags, world.digests)


@pytest.mark.parametrize("stale", [False, True], ids=["fresh reads", "stale reads"])
@pytest.mark.parametrize("seed", range(40))
def test_deletes_end_equal(seed: int, stale: bool) -> None:
    world = history(seed, stale=stale, deletes=True)
    assert (world.target_tags, world.at_target) == (world.tags, world.digests)
