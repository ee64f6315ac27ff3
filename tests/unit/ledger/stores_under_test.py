"""The stores that all tests of intents run on, and names to fill them with."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from azure.data.tables.aio import TableClient

from devkit.local.ports import free_ports
from devkit.tools import tool
from ledger.intents import Content, Intents
from ledger.sqlite import SqliteIntents
from ledger.tables import TableIntents
from replication.references import Digest, Repository
from tests.unit.ledger.faketable import FakeTable, at_once

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
OPERATION = "/subscriptions/s/operationResults/registries-1?api-version=2025-11-01&t=1&c=sign%2Bed"

Open = Callable[[], Intents]  # one more process, at the same store


def content(number: int = 0, repository: str = "team/app", target: str = "china") -> Content:
    return Content(target, Repository.parse(repository), Digest(f"{number:064x}"))


def table_intents(table: FakeTable) -> TableIntents:
    return TableIntents(cast(Any, table), cast(Any, at_once))


@contextmanager
def sqlite() -> Iterator[Open]:
    with tempfile.TemporaryDirectory(prefix="multi-cloud-publish-tests-") as folder:
        yield lambda: SqliteIntents(Path(folder) / "ledger.db")


@contextmanager
def table_in_memory() -> Iterator[Open]:
    table = FakeTable()
    yield lambda: table_intents(table)


class Azurite:
    """Microsoft's own imitation of the Table service. Raises `Missing` where it is not installed."""

    def __init__(self) -> None:
        (port,) = free_ports(1)
        command = [str(tool("azurite-table")), "--silent", "--inMemoryPersistence", "--disableTelemetry", "--tablePort", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.connection = (
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"
            f"/K1SZFPTOtr/KBHBeksoGMGw==;TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "successfully" in line:
                return
        raise AssertionError("Azurite ended before it served")

    @contextmanager
    def table(self) -> Iterator[Open]:
        """One of its own, which the first claim makes."""
        name = f"T{uuid4().hex}"

        def another() -> Intents:
            client = TableClient.from_connection_string(self.connection, name, retry_total=0)
            return TableIntents(client, client.close)

        yield another

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
