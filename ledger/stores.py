"""The store that the settings name: one for a process and its event loop, opened when it is first used."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from ledger.intents import Intents
from replication.failures import Failure, Refused, said
from replication.mistakes import InvalidSettings, Mistakes
from replication.storesetting import SqliteFile, Store, TableAccount, parse_store
from replication.targets import DIRECT

ANSWER_WITHIN = 10  # seconds, to connect and to read: an activity that waits is one that others wait for

_current: tuple[object, Intents] | None = None


def store() -> Intents:
    """For the settings of this moment, on the running loop. Raises `Refused` when they name none."""
    global _current  # noqa: PLW0603 - the process's one store
    place = _place(os.environ)
    key = (asyncio.get_running_loop(), place)
    if _current is None or _current[0] != key:
        _current = (key, open_store(place))
    return _current[1]


def open_store(place: Store) -> Intents:
    """Imports what that needs, and asks nobody yet. Raises `Refused` when the SDK does not take the connection string."""
    if isinstance(place, SqliteFile):
        from ledger.sqlite import SqliteIntents

        return SqliteIntents(place.path)
    from azure.data.tables.aio import TableClient

    from ledger.tables import TABLE, TableIntents
    from registries.egress import transport

    # pauses belong to the orchestrators
    options: dict[str, Any] = {
        "retry_total": 0,
        "permit_redirects": False,
        "connection_timeout": ANSWER_WITHIN,
        "read_timeout": ANSWER_WITHIN,
        "transport": transport(DIRECT, "the store", "store"),
    }
    if isinstance(place, TableAccount):
        return _by_identity(place, options)
    try:
        client = TableClient.from_connection_string(place.connection.reveal(), TABLE, **options)
    except (ValueError, TypeError):
        client = None
    if client is None:
        raise _invalid("the SDK makes nothing of the connection string")
    return TableIntents(client, client.close)


def _by_identity(place: TableAccount, options: dict[str, Any]) -> Intents:
    from azure.data.tables.aio import TableClient
    from azure.identity.aio import ManagedIdentityCredential

    from ledger.tables import TABLE, TableIntents
    from registries.egress import direct_transport

    credential = ManagedIdentityCredential(client_id=place.client_id, retry_total=0, transport=direct_transport())
    table = TableClient(place.endpoint, TABLE, credential=credential, **options)

    async def close() -> None:
        await table.close()
        await credential.close()

    return TableIntents(table, close)


def _place(values: Mapping[str, str]) -> Store:
    mistakes, wrong = Mistakes(), ""
    place = parse_store(values, mistakes)
    try:
        mistakes.raise_if_any()
    except InvalidSettings as error:
        wrong = str(error.mistakes[0])
    if place is None:
        raise _invalid(wrong)
    return place


def _invalid(words: str) -> Refused:
    hint = "Correct the app's settings (GET /api/status lists every mistake); runs that wait go on by themselves."
    return Refused(Failure(kind="denied", code="settings_invalid", doing="find the store", said=said(words), hint=hint))
