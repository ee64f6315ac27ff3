"""What every store of intents does, one call after the other and all at once."""

import asyncio

import pytest

from ledger.intents import Claim, Intents
from replication.references import LONGEST_REPOSITORY
from tests.unit.ledger.stores_under_test import LATER, NOW, OPERATION, Open, content


def told(claim: Claim) -> tuple[str, str, str | None]:
    return claim.whose, claim.intent.run, claim.intent.operation


async def closed(*stores: Intents) -> None:
    for store in stores:
        await store.close()


async def test_the_first_claim_is_new_the_same_runs_next_is_again_and_another_runs_is_theirs(another: Open) -> None:
    store = another()
    first = await store.claim(content(), run="one", at=NOW)
    assert told(first) == ("new", "one", None)
    again = await store.claim(content(), run="one", at=LATER)
    assert (told(again), again.intent) == (("again", "one", None), first.intent)
    theirs = await store.claim(content(), run="two", at=LATER)
    assert (told(theirs), theirs.intent.since) == (("theirs", "one", None), NOW)
    assert told(await store.claim(content(1), run="two", at=NOW))[0] == "new"
    assert told(await store.claim(content(target="usgov"), run="two", at=NOW))[0] == "new"
    await closed(store)


async def test_what_has_started_is_told_to_all_also_after_a_crash(another: Open) -> None:
    store = another()
    mine = (await store.claim(content(), run="one", at=NOW)).intent
    assert await store.started(content(), mine.generation, OPERATION)
    assert await store.started(content(), mine.generation, OPERATION)  # a step that is run twice
    assert not await store.started(content(), mine.generation, "/another?t=2")
    restarted = another()
    assert told(await restarted.claim(content(), run="one", at=LATER)) == ("again", "one", OPERATION)
    assert told(await restarted.claim(content(), run="two", at=LATER)) == ("theirs", "one", OPERATION)
    await closed(store, restarted)


async def test_an_intent_whose_post_nobody_knows_of_makes_way_and_one_with_an_operation_does_not(another: Open) -> None:
    store = another()
    old = (await store.claim(content(), run="one", at=NOW)).intent
    taken = await store.claim(content(), run="two", at=LATER, instead_of=old.generation)
    assert (told(taken), taken.intent.since) == (("new", "two", None), LATER)
    assert told(await store.claim(content(), run="three", at=LATER, instead_of=old.generation)) == ("theirs", "two", None)
    assert not await store.started(content(), old.generation, OPERATION)  # the first run was only slow
    await store.ended(content(), old.generation)
    assert await store.started(content(), taken.intent.generation, OPERATION)
    late = await store.claim(content(), run="three", at=LATER, instead_of=taken.intent.generation)
    assert told(late) == ("theirs", "two", OPERATION)
    await closed(store)


async def test_a_run_takes_its_own_intent_over_as_well(another: Open) -> None:
    store = another()
    old = (await store.claim(content(), run="one", at=NOW)).intent
    taken = await store.claim(content(), run="one", at=LATER, instead_of=old.generation)
    assert told(taken) == ("new", "one", None)
    assert taken.intent.generation != old.generation
    await closed(store)


async def test_what_has_ended_is_gone_and_can_be_claimed_even_instead_of_it(another: Open) -> None:
    store = another()
    old = (await store.claim(content(), run="one", at=NOW)).intent
    await store.ended(content(), old.generation)
    await store.ended(content(), old.generation)
    assert not await store.started(content(), old.generation, OPERATION)
    assert told(await store.claim(content(), run="two", at=NOW, instead_of=old.generation)) == ("new", "two", None)
    await closed(store)


async def test_what_is_open_into_a_repository_is_that_and_no_other(another: Open) -> None:
    store = another()
    assert await store.open_into("china", content().repository) == []
    for number, repository, target in [(2, "team/app", "china"), (1, "team/app", "china"), (3, "team", "china"), (4, "team/app", "usgov")]:
        await store.claim(content(number, repository, target), run="one", at=NOW)
    found = await store.open_into("china", content().repository)
    assert [intent.content for intent in found] == [content(1), content(2)]
    await store.ended(content(1), found[0].generation)
    assert await store.open_into("china", content().repository) == found[1:]
    await closed(store)


@pytest.mark.parametrize("repository", ["a" * LONGEST_REPOSITORY, "a-b__c.d/e/f" + "/x" * 100])
async def test_names_at_their_limits_fit(another: Open, repository: str) -> None:
    store, odd = another(), content(repository=repository, target="t" * 32)
    claimed = await store.claim(odd, run="i!n:~0", at=NOW)
    operation = "/" + "o" * 16_000
    assert await store.started(odd, claimed.intent.generation, operation)
    (found,) = await store.open_into(odd.target, odd.repository)
    assert (found.content, found.run, found.operation) == (odd, "i!n:~0", operation)
    await closed(store)


async def test_of_many_that_claim_at_once_one_is_new_and_all_know_which(another: Open) -> None:
    stores = [another() for _ in range(3)]
    for instead_of in (None, "the one before"):
        before = None if instead_of is None else (await stores[0].claim(content(), run="any", at=NOW)).intent.generation
        asked = [store.claim(content(), run=f"{before} {number}", at=NOW, instead_of=before) for number, store in enumerate(stores * 4)]
        claims = await asyncio.gather(*asked)
        assert sorted(claim.whose for claim in claims) == ["new"] + ["theirs"] * 11
        assert len({claim.intent.generation for claim in claims} - {before}) == 1
    await closed(*stores)
