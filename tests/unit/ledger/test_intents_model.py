"""Every store against one model that a person can check, whatever runs do in whatever order: claim, come back, take over, start, end."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ledger.intents import Content, Intent
from tests.unit.ledger.stores_under_test import NOW, Azurite, Open, content, sqlite, table_in_memory

T = TypeVar("T")
CONTENTS = [content(0), content(1), content(0, "team")]
contents = st.sampled_from(CONTENTS)
runs = st.sampled_from(["one", "two", "three"])
operations = st.sampled_from(["/o?1", "/o?2"])


@dataclass(frozen=True)
class Modelled:
    run: str
    generation: str
    operation: str | None = None


class Machine(RuleBasedStateMachine):
    """`generations` are all that there ever were: runs that were overtaken still know theirs."""

    def __init__(self, stores: AbstractContextManager[Open]) -> None:
        super().__init__()
        self._open = ExitStack()
        self._loop = self._open.enter_context(asyncio.Runner())
        self._another = self._open.enter_context(stores)
        self._store = self._another()
        self._model: dict[Content, Modelled] = {}
        self._generations = {one: ["never there"] for one in CONTENTS}

    def teardown(self) -> None:
        self._do(self._store.close())
        self._open.close()

    @rule(one=contents, run=runs)
    def claim(self, one: Content, run: str) -> None:
        self._claim(one, run, None)

    @rule(one=contents, run=runs, data=st.data())
    def claim_instead_of(self, one: Content, run: str, data: st.DataObject) -> None:
        self._claim(one, run, self._known(one, data))

    @rule(one=contents, data=st.data(), operation=operations)
    def started(self, one: Content, data: st.DataObject, operation: str) -> None:
        generation, there = self._known(one, data), self._model.get(one)
        right = there is not None and there.generation == generation and there.operation in (None, operation)
        assert self._do(self._store.started(one, generation, operation)) is right
        if there is not None and right:
            self._model[one] = replace(there, operation=operation)

    @rule(one=contents, data=st.data())
    def ended(self, one: Content, data: st.DataObject) -> None:
        generation = self._known(one, data)
        self._do(self._store.ended(one, generation))
        if one in self._model and self._model[one].generation == generation:
            del self._model[one]

    @rule()
    def the_process_is_another(self) -> None:
        self._do(self._store.close())
        self._store = self._another()

    @rule(one=contents)
    def what_is_open_is_what_the_model_says(self, one: Content) -> None:
        found = self._do(self._store.open_into(one.target, one.repository))
        there = [(each, self._model[each]) for each in sorted(self._model) if each.repository == one.repository]
        assert [(each.content, modelled(each)) for each in found] == there

    def _claim(self, one: Content, run: str, instead_of: str | None) -> None:
        there = self._model.get(one)
        claim = self._do(self._store.claim(one, run=run, at=NOW, instead_of=instead_of))
        if there is None or (there.generation == instead_of and there.operation is None):
            assert claim.whose == "new" and claim.intent.generation not in self._generations[one]
            self._generations[one].append(claim.intent.generation)
            there = Modelled(run, claim.intent.generation)
            self._model[one] = there
        else:
            assert claim.whose == ("again" if there.run == run else "theirs")
        assert modelled(claim.intent) == there

    def _known(self, one: Content, data: st.DataObject) -> str:
        """The newest most often."""
        return data.draw(st.sampled_from(self._generations[one][::-1]))

    def _do(self, call: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(call)


def modelled(intent: Intent) -> Modelled:
    return Modelled(intent.run, intent.generation, intent.operation)


def check(stores: Callable[[], AbstractContextManager[Open]], examples: int) -> None:
    made: Any = lambda: Machine(stores())  # noqa: E731 - the declared type is a class, which would have no arguments
    run_state_machine_as_test(made, settings=settings(max_examples=examples, stateful_step_count=30))


@pytest.mark.parametrize("stores, examples", [(sqlite, 15), (table_in_memory, 40)])
def test_a_store_does_what_the_model_does(stores: Callable[[], AbstractContextManager[Open]], examples: int) -> None:
    check(stores, examples)


@pytest.mark.tools
def test_azurite_does_what_the_model_does(azurite: Azurite) -> None:
    check(azurite.table, 5)
