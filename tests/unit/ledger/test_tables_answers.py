"""What the Table service may answer besides: each is told as what it is, and no answer is repeated or shown."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from azure.data.tables.aio import TableClient
from azure.identity import CredentialUnavailableError

from devkit.tls import TlsFiles
from ledger.intents import Intents
from ledger.stores import open_store
from ledger.tables import MOST_INTENTS, MOST_PAGES, TABLE, TableIntents
from registries.egress import LARGEST_ANSWER
from replication.failures import Refused
from replication.secret import Secret
from replication.storesetting import TableConnection
from tests.unit.ledger.stores_under_test import NOW, OPERATION, content
from tests.unit.registries.scripted import Reply, Scripted, page, scripted

KEY = base64.b64encode(b"the account's key").decode()


def refusal(status: int, code: str) -> Reply:
    """As the Table service tells of errors."""
    body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": f"{code}.\nRequestId:1f2e https://contoso"}}})
    return Reply(status=status, body=body.encode(), headers={"Content-Type": "application/json;odata=minimalmetadata"})


@asynccontextmanager
async def answering(tls: TlsFiles, *script: Reply) -> AsyncIterator[tuple[Intents, Scripted]]:
    async with scripted(tls, *script) as server:
        connection = f"AccountName=contoso;AccountKey={KEY};TableEndpoint=https://{server.host}/contoso"
        store = open_store(TableConnection(Secret(connection)))
        try:
            yield store, server
        finally:
            await store.close()


@pytest.mark.parametrize(
    "reply, kind, code, words",
    [
        pytest.param(refusal(403, "AuthorizationPermissionMismatch"), "denied", "store_denied", "403 AuthorizationPermissionMismatch"),
        pytest.param(refusal(403, "AuthenticationFailed"), "denied", "store_denied", "403 AuthenticationFailed"),
        pytest.param(refusal(400, "InvalidInput"), "transient", "store_unreachable", "400 InvalidInput"),
        pytest.param(page(302, Location="https://evil.example/"), "transient", "store_unreachable", "302"),
    ],
)
@pytest.mark.parametrize("asking", ["claim", "open_into"])
async def test_a_refusal_is_told_by_status_and_code(tls: TlsFiles, reply: Reply, kind: str, code: str, words: str, asking: str) -> None:
    async with answering(tls, reply) as (store, server):
        with pytest.raises(Refused) as refused:
            await (store.claim(content(), run="one", at=NOW) if asking == "claim" else store.open_into("china", content().repository))
        assert len(server.asked) == 1
    failure = refused.value.failure
    assert (failure.kind, failure.code) == (kind, code)
    assert words in failure.said
    assert refused.value.__context__ is refused.value.__cause__ is None
    assert KEY not in str(failure) and "RequestId" not in str(failure)


@pytest.mark.parametrize("trouble", [refusal(503, "ServerBusy"), refusal(500, "OperationTimedOut"), page(502), Reply(body=b"cut", cut=1)])
async def test_a_claim_whose_fate_is_unknown_is_looked_up_once_and_told_when_that_fails_too(tls: TlsFiles, trouble: Reply) -> None:
    async with answering(tls, trouble, trouble) as (store, server):
        with pytest.raises(Refused) as refused:
            await store.claim(content(), run="one", at=NOW)
        assert [asked.method for asked in server.asked] == ["POST", "GET"]
    assert (refused.value.failure.kind, refused.value.failure.code) == ("transient", "store_unreachable")


@pytest.mark.parametrize("body", [b"<html>Sorry</html>", b"{}", b"[]", b'{"value": 7}', b"\xff"])
async def test_a_page_that_says_200_is_no_row(tls: TlsFiles, body: bytes) -> None:
    async with answering(tls, Reply(body=body, headers={"Content-Type": "application/json"})) as (store, _):
        with pytest.raises(Refused) as refused:
            await store.started(content(), "any", OPERATION)
    assert refused.value.failure.code == "store_unreachable"


async def test_the_table_is_made_by_the_first_who_misses_it(tls: TlsFiles) -> None:
    script = [refusal(404, "TableNotFound"), refusal(409, "TableAlreadyExists"), Reply(status=204, headers={"ETag": "W/1"})]
    async with answering(tls, *script) as (store, server):
        assert (await store.claim(content(), run="one", at=NOW)).whose == "new"
        assert [asked.target for asked in server.asked] == [f"/contoso/{TABLE}", "/contoso/Tables", f"/contoso/{TABLE}"]


@pytest.mark.parametrize("rows", [0, 3])
async def test_a_list_without_an_end_is_given_up(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    assert (MOST_PAGES, MOST_INTENTS) == (100, 10_000)
    monkeypatch.setattr("ledger.tables.MOST_PAGES", 2)
    monkeypatch.setattr("ledger.tables.MOST_INTENTS", 5)
    row = {"RowKey": str(content().digest), "run": "one", "generation": "g", "since": NOW.isoformat()}
    more = {"Content-Type": "application/json", "x-ms-continuation-NextPartitionKey": "a", "x-ms-continuation-NextRowKey": "b"}
    page = Reply(body=json.dumps({"value": [row] * rows}).encode(), headers=more)
    async with answering(tls, *[page] * (3 if rows == 0 else 2)) as (store, _):
        with pytest.raises(Refused) as refused:
            await store.open_into("china", content().repository)
    assert (refused.value.failure.code, refused.value.failure.said) == ("store_unreachable", "EndlessList")


async def test_no_more_of_an_answer_is_held_than_of_any_other(tls: TlsFiles) -> None:
    async with answering(tls, Reply(body=b" " * 65_536, endless=True)) as (store, server):
        with pytest.raises(Refused) as refused:
            await store.open_into("china", content().repository)
        assert server.sent < 4 * LARGEST_ANSWER
    assert refused.value.failure.code == "store_unreachable"


async def test_an_identity_that_is_not_there_is_a_denial() -> None:
    class Nobody:
        async def get_token(self, *_: str, **__: object) -> None:
            raise CredentialUnavailableError("no managed identity endpoint found")

        async def close(self) -> None:
            """Nothing to let go of."""

    table = TableClient("https://contoso.table.core.windows.net", TABLE, credential=Nobody(), retry_total=0)  # type: ignore[arg-type]
    store = TableIntents(table, table.close)
    with pytest.raises(Refused) as refused:
        await store.claim(content(), run="one", at=NOW)
    assert (refused.value.failure.kind, refused.value.failure.code) == ("denied", "store_denied")
    assert refused.value.failure.said == "CredentialUnavailableError"
    await store.close()
