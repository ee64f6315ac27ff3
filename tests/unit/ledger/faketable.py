"""A table of the Table service in memory, as far as the ledger asks it: answers, ETags and statuses as documented. Azurite, where it is
installed, is asked the same by the same tests, so that this stays true."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ServiceResponseError

Key = tuple[str, str]


class Entity(dict[str, Any]):
    metadata: dict[str, str]


def status(code: int) -> HttpResponseError:
    error = HttpResponseError(f"status {code}")
    error.status_code = code
    return error


async def at_once() -> str:
    return "answered"


class FakeQuery:
    """In pages of one, as the service may answer."""

    def __init__(self, table: "FakeTable", partition: str) -> None:
        self._table = table
        self._partition = partition

    async def by_page(self) -> AsyncIterator[AsyncIterator[Entity]]:
        for key in await self._table._do(lambda: sorted(key for key in self._table._there() if key[0] == self._partition)):
            yield self._page(key)

    async def _page(self, key: Key) -> AsyncIterator[Entity]:
        yield self._table._read(key)


class FakeTable:
    """`turn` is awaited before each request has its effect, and says what becomes of it: `answered`; `lost` with its effect or `dropped`
    without, no answer in either case; `late`: no answer, and a write whose effect comes when `land` is called."""

    def __init__(self, turn: Callable[[], Awaitable[str]] = at_once) -> None:
        self.rows: dict[Key, dict[str, Any]] | None = None  # None: the table is not there
        self._etags: dict[Key, str] = {}
        self._turn = turn
        self._numbers = itertools.count(1)
        self._late: list[Callable[[], object]] = []

    async def create_table(self) -> None:
        await self._do(self._create_table)

    async def create_entity(self, entity: dict[str, Any]) -> None:
        await self._do(lambda: self._insert(entity))

    async def update_entity(self, entity: dict[str, Any], *, mode: Any, etag: str, match_condition: MatchConditions) -> None:
        assert (mode.value, match_condition) == ("replace", MatchConditions.IfNotModified)
        key = entity["PartitionKey"], entity["RowKey"]
        await self._do(lambda: self._write(key, dict(entity), etag))

    async def delete_entity(self, partition: str, row: str, *, etag: str, match_condition: MatchConditions) -> None:
        assert match_condition is MatchConditions.IfNotModified
        await self._do(lambda: self._remove((partition, row), etag))

    async def get_entity(self, partition: str, row: str) -> Entity:
        found: Entity = await self._do(lambda: self._read((partition, row)))
        return found

    def query_entities(self, query: str, *, parameters: dict[str, str]) -> "FakeQuery":
        assert query == "PartitionKey eq @into"
        return FakeQuery(self, parameters["into"])

    def land(self) -> None:
        """What was late, in the order of asking. A refusal of it reaches nobody."""
        late, self._late = self._late, []
        for effect in late:
            try:
                effect()
            except HttpResponseError:
                continue

    async def _do(self, effect: Callable[[], Any]) -> Any:
        become = await self._turn()
        if become == "late":
            self._late.append(effect)
        if become in ("late", "dropped"):
            raise ServiceResponseError("no answer")
        result = effect()
        if become == "lost":
            raise ServiceResponseError("no answer")
        return result

    def _there(self) -> dict[Key, dict[str, Any]]:
        if self.rows is None:
            raise status(404)
        return self.rows

    def _create_table(self) -> None:
        if self.rows is not None:
            raise status(409)
        self.rows = {}

    def _insert(self, entity: dict[str, Any]) -> None:
        key = entity["PartitionKey"], entity["RowKey"]
        if key in self._there():
            raise status(409)
        self._set(key, dict(entity))

    def _write(self, key: Key, entity: dict[str, Any], etag: str) -> None:
        self._require(key, etag)
        self._set(key, entity)

    def _remove(self, key: Key, etag: str) -> None:
        if self.rows is None or key not in self.rows:
            return  # of a 404 the SDK says nothing
        self._require(key, etag)
        del self.rows[key]

    def _read(self, key: Key) -> Entity:
        if key not in self._there():
            raise status(404)
        entity = Entity(self._there()[key])
        entity.metadata = {"etag": self._etags[key]}
        return entity

    def _require(self, key: Key, etag: str) -> None:
        if key not in self._there():
            raise status(404)
        if self._etags[key] != etag:
            raise status(412)

    def _set(self, key: Key, entity: dict[str, Any]) -> None:
        self._there()[key] = entity
        self._etags[key] = f'W/"{next(self._numbers)}"'
