"""Which store the settings name, and for how long it is the same."""

import asyncio
from pathlib import Path

import pytest

import ledger
from ledger.sqlite import SqliteIntents
from ledger.stores import open_store
from ledger.tables import TableIntents
from replication.failures import Refused
from replication.secret import Secret
from replication.storesetting import Store, TableAccount, TableConnection
from tests.unit.ledger.stores_under_test import NOW, content


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ReplicationStore", f"sqlite://{tmp_path / 'ledger.db'}")
    return tmp_path / "ledger.db"


async def test_it_is_one_as_long_as_its_setting_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ledger.store()
    assert isinstance(first, SqliteIntents)
    assert (await first.claim(content(), run="one", at=NOW)).whose == "new"
    monkeypatch.setenv("ReplicationSettle", "7")
    assert ledger.store() is first
    monkeypatch.setenv("ReplicationStore", f"sqlite://{file.with_name('another.db')}")
    second = ledger.store()
    assert (await second.claim(content(), run="one", at=NOW)).whose == "new"
    assert file.exists() and file.with_name("another.db").exists()
    await first.close()
    await second.close()


def test_another_loop_has_another(file: Path) -> None:
    async def claim() -> str:
        try:
            return (await ledger.store().claim(content(), run="one", at=NOW)).whose
        finally:
            await ledger.store().close()

    assert (asyncio.run(claim()), asyncio.run(claim()), file.exists()) == ("new", "again", True)


async def test_without_one_the_failure_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ReplicationStore", "contoso")
    with pytest.raises(Refused, match="ReplicationStore names a setting that is missing") as refused:
        ledger.store()
    assert (refused.value.failure.kind, refused.value.failure.code) == ("denied", "settings_invalid")


@pytest.mark.parametrize(
    "place",
    [
        TableConnection(Secret("UseDevelopmentStorage=true")),
        TableConnection(Secret("DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=aa==;EndpointSuffix=core.chinacloudapi.cn")),
        TableConnection(Secret("TableEndpoint=https://contoso.table.core.windows.net;SharedAccessSignature=sv=1&sig=x")),
        TableAccount("https://contoso.table.core.windows.net", None),
        TableAccount("https://contoso.table.core.usgovcloudapi.net", "00000000-0000-0000-0000-000000000000"),
    ],
)
async def test_every_form_of_the_setting_opens_a_table(place: Store) -> None:
    store = open_store(place)
    assert isinstance(store, TableIntents)
    await store.close()


async def test_a_connection_string_that_the_sdk_does_not_take_is_told_without_it() -> None:
    with pytest.raises(Refused, match="makes nothing of the connection string") as refused:
        open_store(TableConnection(Secret("AccountName=contoso;AccountKey=a;AccountKey=the-key")))
    assert "the-key" not in str(refused.value)
    assert refused.value.__context__ is None
