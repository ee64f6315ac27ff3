"""What the decision promises of any world: of every world there is, step by step, and of runs that race."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.decisions import Bring
from replication.neighbourhood import Remove, Untag
from replication.references import Digest, Tag
from tests.unit.replication.world import DIGESTS, TAGS, Side, World, all_looks, all_sides, all_worlds, run

Look = tuple[Tag | None, Digest, bool]  # the last: for a delete event

PUSHED: list[Look] = [(tag, digest, False) for tag in (*TAGS, None) for digest in DIGESTS]
DELETED: list[Look] = [(None, digest, True) for digest in DIGESTS]
MOST_MOVES = 2000


def test_every_step_is_one_that_may_be_taken() -> None:
    """What is brought, the source holds; what is removed, it lacks, and no tag that it still has stands on it; and with nothing to do both
    answer the same."""
    for world, tag, digest, removing in all_looks():
        source, target, steps = world.source, world.target, world.decide(tag, digest, removing=removing)
        for step in steps:
            match step:
                case Bring():
                    assert step.digest in source.digests
                    assert step.tag is None or source.tags[step.tag] == step.digest
                case Untag():
                    assert target.tags[step.tag] == step.digest and step.tag not in source.tags
                case Remove():
                    assert step.digest == digest and steps == (step,)
                    assert digest in target.digests - source.digests
                    assert not target.tags_on(digest) & source.tags.keys()
                    assert set(step.tags) == target.tags_on(digest)
        if not steps:
            assert source.holds(tag, digest) == target.holds(tag, digest)


def settle(world: World, looks: Sequence[Look]) -> None:
    """Until a whole pass finds nothing to do. Each step brings a tag or a digest, or removes one, so it is soon."""
    for _ in range(len(looks) + 4):
        acted = False
        for tag, digest, removing in looks:
            for step in world.decide(tag, digest, removing=removing):
                world.act(step)
                acted = True
        if not acted:
            return
    pytest.fail("never at rest")


@pytest.mark.parametrize("looks", [[*PUSHED, *DELETED], [*DELETED, *PUSHED], [*reversed(PUSHED), *DELETED]])
def test_looked_at_whole_any_target_comes_to_rest_as_a_replica(looks: list[Look]) -> None:
    for world in all_worlds():
        settle(world, looks)
        assert world.target == world.source


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_delete_event_takes_what_the_source_lacks_and_brings_the_tags_on_it_forward(digest: Digest) -> None:
    for world in all_worlds():
        before = world.target.copy()
        settle(world, [(None, digest, True)])
        source, target = world.source, world.target
        assert (digest in target.digests) == (digest in source.digests)
        for tag in before.tags_on(digest):
            assert target.tags.get(tag) == source.tags.get(tag)
        assert before.digests - {digest} <= target.digests


def test_one_look_at_a_tag_brings_what_it_means_whatever_the_event_named() -> None:
    """An event whose push has been overtaken, with the overtaking one lost."""
    for digest in DIGESTS:
        for world in all_worlds():
            settle(world, [(TAGS[0], digest, False)])
            assert world.target.tags.get(TAGS[0]) == world.source.tags.get(TAGS[0])


class Actors:
    """Whoever may make the next move: somebody who pushes, Event Grid, and the runs that it started."""

    def __init__(self, world: World, pushes: list[tuple[Tag | None, Digest]], again: list[int]) -> None:
        self._world = world
        self._pushes = list(pushes)
        self._undelivered: list[tuple[Tag | None, Digest]] = []
        self._again = [number % len(pushes) for number in again]  # which events are delivered twice
        self._runs: list[Iterator[None]] = []
        self._pushed = 0

    def move(self, choice: int) -> bool:
        """One move of those that are possible; False when there is none left."""
        moves = len(self._pushes[:1]) + len(self._undelivered) + len(self._runs)
        if not moves:
            return False
        choice %= moves
        if self._pushes and choice == 0:
            self._push()
        elif (event := choice - len(self._pushes[:1])) < len(self._undelivered):
            self._runs.append(run(self._world, *self._undelivered.pop(event)))
        else:
            self._go_on(event - len(self._undelivered))
        return True

    def _push(self) -> None:
        tag, digest = self._pushes.pop(0)
        self._world.source.push(digest, tag)
        self._undelivered += [(tag, digest)] * (1 + self._again.count(self._pushed))
        self._pushed += 1

    def _go_on(self, number: int) -> None:
        if next(self._runs[number], "ended") == "ended":
            del self._runs[number]


@settings(max_examples=500)
@given(
    st.sampled_from(list(all_sides())),
    st.lists(st.tuples(st.sampled_from([*TAGS, None]), st.sampled_from(DIGESTS)), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), max_size=2),
    st.lists(st.integers(0, 11), max_size=150),
)
def test_pushes_race_and_the_target_ends_equal(
    source: Side, pushes: list[tuple[Tag | None, Digest]], again: list[int], choices: list[int]
) -> None:
    """Events arrive doubled and in any order, runs interleave at every request, and in the end all is as if they had come one by one."""
    world = World(source.copy(), source.copy())  # in sync to begin with
    actors = Actors(world, pushes, again)
    for choice in choices:
        actors.move(choice)
    assert any(not actors.move(0) for _ in range(MOST_MOVES)), "runs without an end"
    assert world.target == world.source
