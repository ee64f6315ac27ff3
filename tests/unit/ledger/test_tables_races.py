"""Runs that meet at the Table service, request by request in every order, with answers lost, requests dropped and writes that land late."""

import types
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.intents import Claim
from ledger.tables import TableIntents
from replication.failures import Refused
from tests.unit.ledger.faketable import FakeTable
from tests.unit.ledger.stores_under_test import NOW, OPERATION, content, table_intents

ONE = content()
RUNS = ["one", "two", "three"]


@types.coroutine
def whatever_becomes_of_it() -> Generator[None, str, str]:
    """A request stops here until it is its turn."""
    become = yield
    return become


@dataclass
class History:
    """What happened at the row, by looking at it after each step, and what runs did about it."""

    posts: list[str] = field(default_factory=list)  # generations, in the order of POSTs
    given_way: set[str] = field(default_factory=set)  # generations that somebody asked to make way
    ended: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)


async def a_run(intents: TableIntents, name: str, history: History) -> None:
    """As ledger/intents.py tells a run to go about it, but without waiting before it has another make way."""
    instead_of = None
    for _ in range(4):
        try:
            claim = await intents.claim(ONE, run=name, at=NOW, instead_of=instead_of)
            generation = claim.intent.generation
            if claim.whose == "new":
                history.posts.append(generation)
                if await intents.started(ONE, generation, f"{OPERATION}&by={generation}"):
                    history.started.add(generation)
                    await end(intents, claim, history)
                    return
            elif claim.intent.operation is not None:
                assert claim.intent.operation.endswith(generation)  # nobody's but the one's who posted under this intent
                await end(intents, claim, history)
                return
            else:
                instead_of = generation
                history.given_way.add(generation)
        except Refused as refused:
            assert refused.failure.code == "store_unreachable"


async def end(intents: TableIntents, claim: Claim, history: History) -> None:
    history.ended.add(claim.intent.generation)
    await intents.ended(ONE, claim.intent.generation)


def step(run: Coroutine[Any, Any, None], become: str | None) -> bool:
    """Whether it goes on."""
    try:
        run.send(become)
    except StopIteration:
        return False
    return True


FATES = ["answered"] * 11 + ["lost", "dropped", "late", "late writes land", "dies"]
fates = st.sampled_from(["answered", "answered", "lost", "dropped", "late"])


@settings(max_examples=400)
@given(st.binary(min_size=80, max_size=80))
def test_no_order_of_requests_makes_two_owners_of_one_generation(order: bytes) -> None:
    """Each byte says whose turn it is, and what becomes of the request; then all goes well, one run after the other."""
    table, history = FakeTable(whatever_becomes_of_it), History()
    table.rows = {}
    open_runs = [a_run(table_intents(table), name, history) for name in RUNS]
    for run in open_runs:
        step(run, None)
    seen: str | None = None  # the generation at the row
    for byte in order + bytes(400):
        if not open_runs:
            break
        run, fate = open_runs[byte % len(open_runs)], FATES[byte // 16]
        if fate == "late writes land":
            table.land()
        if fate == "dies":
            run.close()
        if fate == "dies" or not step(run, "answered" if fate == "late writes land" else fate):
            open_runs.remove(run)
        there = next(iter(table.rows.values()), None)
        now = None if there is None else str(there["generation"])
        if seen is not None and now != seen:  # it went by what somebody asked for it, and by nothing else
            assert seen in history.ended | history.given_way
        seen = now
    assert not open_runs
    assert len(history.posts) == len(set(history.posts))


@given(st.lists(fates, min_size=40, max_size=40))
def test_a_lone_run_knows_its_own_claim_however_answers_are_lost(become: list[str]) -> None:
    """Not `again`, which would have it look for ten minutes at what nobody has begun."""
    table = FakeTable(whatever_becomes_of_it)
    claims: list[Claim] = []

    async def claim() -> None:
        try:
            claims.append(await table_intents(table).claim(ONE, run="one", at=NOW))
        except Refused as refused:
            assert refused.failure.code == "store_unreachable"

    run = claim()
    going = step(run, None)
    for fate in become:
        going = going and step(run, fate)
        table.land()
    assert not going
    assert [claim.whose for claim in claims] in (["new"], [])


def test_what_lands_after_its_end_is_taken_over_like_a_dead_runs() -> None:
    """The insert of a claim that was told anew, and has ended since."""
    table = FakeTable(whatever_becomes_of_it)
    table.rows = {}
    intents = table_intents(table)
    told: list[Claim] = []

    async def first() -> None:
        claim = await intents.claim(ONE, run="one", at=NOW)
        await intents.ended(ONE, claim.intent.generation)

    async def second() -> None:
        found = await intents.claim(ONE, run="two", at=NOW)
        told.extend([found, await intents.claim(ONE, run="two", at=NOW, instead_of=found.intent.generation)])

    run = first()
    step(run, None)
    for fate in ("late", *["answered"] * 4):
        going = step(run, fate)
    assert not going and not table.rows
    table.land()
    run = second()
    step(run, None)
    while step(run, "answered"):
        pass
    assert [claim.whose for claim in told] == ["theirs", "new"]
