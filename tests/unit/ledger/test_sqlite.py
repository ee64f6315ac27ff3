"""The store in a file: processes that share it, and a file that cannot be used."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ledger.sqlite import SqliteIntents
from replication.failures import Refused
from tests.unit.ledger.stores_under_test import NOW, content


async def test_processes_that_write_at_once_wait_for_each_other(tmp_path: Path) -> None:
    stores = [SqliteIntents(tmp_path / "ledger.db") for _ in range(4)]
    claims = await asyncio.gather(*(store.claim(content(number), run="one", at=NOW) for number in range(60) for store in stores))
    assert sorted(claim.whose for claim in claims) == ["again"] * 180 + ["new"] * 60
    for store in stores:
        await store.close()


async def test_a_file_that_cannot_be_opened_is_a_refusal_that_passes(tmp_path: Path) -> None:
    store = SqliteIntents(tmp_path / "not yet there" / "ledger.db")
    with pytest.raises(Refused, match="unable to open database file") as refused:
        await store.claim(content(), run="one", at=NOW)
    assert (refused.value.failure.kind, refused.value.failure.code) == ("transient", "store_unreachable")
    assert refused.value.__context__ is None
    (tmp_path / "not yet there").mkdir()
    assert (await store.claim(content(), run="one", at=NOW)).whose == "new"
    await store.close()


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("somebody's own" * 100)
    store = SqliteIntents(file)
    with pytest.raises(Refused, match="not a database"):
        await store.open_into("china", content().repository)
    assert file.read_text() == "somebody's own" * 100
    await store.close()


async def test_what_was_claimed_is_on_disk_when_the_claim_is_told(tmp_path: Path) -> None:
    """As a process finds it that begins after this one was killed."""
    store = SqliteIntents(tmp_path / "ledger.db")
    await store.claim(content(), run="one", at=NOW)
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        assert database.execute("SELECT run, operation FROM intents").fetchall() == [("one", None)]
    database.close()
    await store.close()
