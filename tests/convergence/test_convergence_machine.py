"""The same as a state machine, so that what fails is shrunk to a story that a person can read."""

from random import Random

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.convergence.history import History, story_of
from tests.convergence.registry import MANIFESTS, TAGS
from tests.convergence.world import Weather

FAULTS = 12  # in one history: all that goes wrong is transient
LETTERS, NAMES = st.sampled_from(MANIFESTS), st.sampled_from(TAGS)


class Replication(RuleBasedStateMachine):
    history: History

    @initialize(dice=st.randoms(use_true_random=False), held=st.lists(st.tuples(LETTERS, st.none() | NAMES), max_size=3))
    def begin(self, dice: Random, held: list[tuple[str, str | None]]) -> None:
        self.history = History(dice, Weather(), FAULTS)
        self.history.in_sync(held)

    @rule(letter=LETTERS, tag=st.none() | NAMES)
    def push(self, letter: str, tag: str | None) -> None:
        self.history.push(letter, tag)

    @rule(letter=LETTERS)
    def delete(self, letter: str) -> None:
        self.history.delete(letter)

    @rule()
    def delete_repository(self) -> None:
        self.history.delete_repository()

    @rule(tag=NAMES)
    def untag(self, tag: str) -> None:
        self.history.untag(tag)

    @rule(what=LETTERS | NAMES)
    def lock(self, what: str) -> None:
        self.history.lock(what)

    @rule(requests=st.integers(1, 100))
    def time_passes(self, requests: int) -> None:
        self.history.go_on(requests)

    def teardown(self) -> None:
        if hasattr(self, "history"):
            self.history.end()
            found = self.history.differences()
            if found:
                note(story_of(self.history))
            assert found == []


Replication.TestCase.settings = settings(
    max_examples=300, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestReplication = Replication.TestCase
