"""Intents in Azure Table storage: one entity each, PartitionKey `target!repository` with ! for /, RowKey the digest.

An insert is refused where there is one (409), a replacement and a removal carry the ETag of what was read (If-Match; 412): so each decision
is made on what is there. A write whose answer was lost is followed by a read, which tells by the generation. The SDK repeats nothing.
Source: Table service REST API, "Insert Entity", "Update Entity", "Understanding the Table service data model" for keys."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.intents import Claim, Content, Intent
from ledger.refusals import denied, unreachable
from replication.failures import Refused
from replication.references import Digest, Repository

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.data.tables.aio import TableClient

TABLE = "ReplicationIntents"
MOST_PAGES, MOST_INTENTS = 100, 10_000  # of one repository at one target
TRIES = 5  # at a decision, while others change what it is about, or answers are lost
ANOTHER = {404, 409, 412}  # no table, an entity is there, or it is no longer what was read

T = TypeVar("T")


class EndlessList(ValueError):
    """What the service lists of one partition goes on and on."""


@dataclass(frozen=True, slots=True)
class Found:
    intent: Intent
    etag: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """`status`: None when there was no answer."""

    status: int | None
    words: str
    unknown: bool  # whether a write may have been done all the same
    denied: bool

    def refused(self, doing: str) -> Refused:
        return denied(doing, self.words) if self.denied else unreachable(doing, self.words)


class TableIntents:
    def __init__(self, table: "TableClient", close: Callable[[], Awaitable[None]]) -> None:
        """`close`: of the client, and of the credential that it was given."""
        self._table = table
        self._close = close

    async def claim(self, content: Content, *, run: str, at: datetime, instead_of: str | None = None) -> Claim:
        doing = f"note the import of {content}"
        mine = Intent.new(content, run, at)
        absent = instead_of is None  # most often: an insert finds out
        for _ in range(TRIES):
            if absent and await self._insert(mine, doing):
                return Claim("new", mine)
            found = await self._read(content, doing)
            absent = found is None
            if found is None:
                continue
            if not found.intent.makes_way_for(instead_of):
                return Claim.of(found.intent, mine)
            if await self._replace(mine, found.etag, doing):
                return Claim("new", mine)
        raise _restless(doing)

    async def started(self, content: Content, generation: str, operation: str) -> bool:
        doing = f"note that the import of {content} has started"
        for _ in range(TRIES):
            found = await self._read(content, doing)
            if found is None or found.intent.generation != generation or found.intent.operation not in (None, operation):
                return False
            if found.intent.operation or await self._replace(replace(found.intent, operation=operation), found.etag, doing):
                return True
        raise _restless(doing)

    async def ended(self, content: Content, generation: str) -> None:
        doing = f"note that the import of {content} has ended"
        for _ in range(TRIES):
            found = await self._read(content, doing)
            if found is None or found.intent.generation != generation or await self._remove(content, found.etag, doing):
                return
        raise _restless(doing)

    async def open_into(self, target: str, repository: Repository) -> list[Intent]:
        into = {"into": _partition(target, repository)}

        async def ask() -> list[Intent]:
            found, pages = [], 0
            async for page in self._table.query_entities("PartitionKey eq @into", parameters=into).by_page():
                found += [_intent(Content(target, repository, Digest.parse(row["RowKey"])), row) async for row in page]
                pages += 1
                if pages > MOST_PAGES or len(found) > MOST_INTENTS:
                    raise EndlessList
            return found

        found, trouble = await _asked(ask)
        if trouble is None:
            return found or []
        if trouble.status == 404:  # no table yet
            return []
        raise trouble.refused(f"list what is being imported into {target}/{repository}")

    async def close(self) -> None:
        await self._close()

    async def _insert(self, intent: Intent, doing: str) -> bool:
        """False: not, or there is no telling."""
        _, trouble = await _asked(lambda: self._table.create_entity(_entity(intent)))
        if trouble is not None and trouble.status == 404:
            _, trouble = await _asked(self._table.create_table)
            if trouble is None or trouble.status == 409:
                _, trouble = await _asked(lambda: self._table.create_entity(_entity(intent)))
        return _written(trouble, doing)

    async def _replace(self, intent: Intent, etag: str, doing: str) -> bool:
        from azure.core import MatchConditions
        from azure.data.tables import UpdateMode

        _, trouble = await _asked(
            lambda: self._table.update_entity(
                _entity(intent), mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        )
        return _written(trouble, doing)

    async def _remove(self, content: Content, etag: str, doing: str) -> bool:
        from azure.core import MatchConditions

        _, trouble = await _asked(
            lambda: self._table.delete_entity(
                _partition(content.target, content.repository),
                str(content.digest),
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        )
        return _written(trouble, doing)

    async def _read(self, content: Content, doing: str) -> Found | None:
        async def ask() -> Found:
            row = await self._table.get_entity(_partition(content.target, content.repository), str(content.digest))
            return Found(_intent(content, row), str(row.metadata["etag"]))

        found, trouble = await _asked(ask)
        if trouble is None or trouble.status == 404:  # no row, or no table yet
            return found
        raise trouble.refused(doing)


async def _asked(call: Callable[[], Awaitable[T]]) -> tuple[T | None, Trouble | None]:
    """What the service answered, or what there was instead. Exceptions hold requests: their class, status and code are kept, no text."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        return await call(), None
    except HttpResponseError as error:
        status, code = error.status_code, _code(error)
        words = f"{status} {code}" if code else f"status {status}" if status else type(error).__name__
        refused = isinstance(error, ClientAuthenticationError) or status in (401, 403)
        return None, Trouble(status, words, unknown=status is None or status == 408 or status >= 500, denied=refused)
    except (AzureError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # any page is taken for a row
        return None, Trouble(None, type(error).__name__, unknown=True, denied=False)


def _code(error: "HttpResponseError") -> str:
    """The service's own. The SDK reads it for most calls, not for all."""
    known = getattr(error, "error_code", None)
    try:
        code = json.loads(error.response.text())["odata.error"]["code"] if known is None and error.response is not None else known
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    return str(getattr(code, "value", code or ""))


def _written(trouble: Trouble | None, doing: str) -> bool:
    """False: not, or there is no telling: a read will. Raises `Refused` where nothing was written, and nothing will be."""
    if trouble is None:
        return True
    if trouble.status in ANOTHER or (trouble.unknown and not trouble.denied):
        return False
    raise trouble.refused(doing)


def _restless(doing: str) -> Refused:
    return unreachable(doing, f"{TRIES} tries, and each time the row had changed or the answer was lost")


def _partition(target: str, repository: Repository) -> str:
    """Neither name has a `!`. At most 288 characters, and none of those that keys may not hold (/ \\ # ? and control characters)."""
    return f"{target}!{str(repository).replace('/', '!')}"


def _entity(intent: Intent) -> dict[str, Any]:
    content = intent.content
    key = {"PartitionKey": _partition(content.target, content.repository), "RowKey": str(content.digest)}
    known = {} if intent.operation is None else {"operation": intent.operation}
    return {**key, "run": intent.run, "generation": intent.generation, "since": intent.since.isoformat(), **known}


def _intent(content: Content, entity: Any) -> Intent:
    since = datetime.fromisoformat(entity["since"])
    return Intent(content=content, run=entity["run"], generation=entity["generation"], since=since, operation=entity.get("operation"))
