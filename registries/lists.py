"""What a registry lists: the tags of a digest, the manifests of a repository, what refers to a manifest, the repositories themselves.

Sources: ACR data-plane API 2021-07-01 for `/acr/v1`; OCI distribution-spec, "Listing Referrers"."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar
from urllib.parse import urlencode

from registries.manifests import INDEX_MEDIA_TYPES
from registries.noanswer import unreachable
from registries.refusals import Side, first_error, proves_absence, refusal
from registries.refusals.answers import not_understood
from registries.wire import Answer
from replication.failures import Failure, Refused
from replication.references import Digest, InvalidReference, Repository, Tag

PAGE = 100
MOST_PAGES = 1000
LISTED_WITHIN: Final = 300  # seconds
MOST = 10_000  # tags of one digest, referrers of one manifest
CATALOG = "registry:catalog:*"

Item = TypeVar("Item")


class Send(Protocol):
    async def __call__(self, method: str, path: str, scope: str, doing: str, headers: Mapping[str, str] | None = None, /) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A manifest as a list describes it. `tags`: none of them where a list of referrers told it, which knows no tags."""

    digest: Digest
    media_type: str
    tags: frozenset[Tag] = frozenset()

    @property
    def index(self) -> bool:
        return self.media_type in INDEX_MEDIA_TYPES


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`after`: names the next one; None for the last."""

    items: tuple[Item, ...]
    after: str | None


async def every(page: Callable[[str | None], Awaitable[Page[Item]]]) -> AsyncIterator[Item]:
    """Of a list that is asked page by page. Raises what `page` raises."""
    after: str | None = None
    while True:
        found = await page(after)
        for item in found.items:
            yield item
        if (after := found.after) is None:
            return


class Lists:
    """Of one registry. Methods raise `Refused`, and take the source's names of repositories."""

    def __init__(self, side: Side, send: Send, place_of: Callable[[Repository], Repository]) -> None:
        self._side = side
        self._send = send
        self._place_of = place_of

    async def tags_of(self, repository: Repository, digest: Digest) -> frozenset[Tag]:
        """`GET /acr/v1/{name}/_tags?digest=`, page by page; none when the repository is absent."""
        repository = self._place_of(repository)
        doing = f"list the tags of {repository}@{digest.short}… in {self._side.name}"
        return await self._in_time(doing, self._tags_of(repository, digest, doing))

    async def _tags_of(self, repository: Repository, digest: Digest, doing: str) -> frozenset[Tag]:
        path, scope = f"/acr/v1/{repository}/_tags", f"repository:{repository}:metadata_read"
        tags: set[Tag] = set()
        query = urlencode({"digest": str(digest), "n": PAGE})
        for _ in range(MOST_PAGES):
            answer = await self._send("GET", f"{path}?{query}", scope, doing)
            if proves_absence(answer):
                return frozenset()
            # checked once more here: a server that ignores `digest` would answer every tag
            listed = self._read(answer, doing, "tags", lambda one: (Tag.parse(one["name"]), one["digest"]))
            tags |= {tag for tag, held in listed if held == str(digest)}
            if len(tags) > MOST:
                raise Refused(self._unexpected(doing, f"it has more than {MOST} tags"))
            query = _next_query(answer)
            if not query:
                return frozenset(tags)
        raise Refused(self._unexpected(doing, f"the list does not end within {MOST_PAGES} pages"))

    async def manifest(self, repository: Repository, digest: Digest) -> Listed | None:
        """`GET /acr/v1/{name}/_manifests/{digest}`: one manifest with its tags; None when the registry's own code says it is absent."""
        repository = self._place_of(repository)
        doing = f"read the attributes of {repository}@{digest.short}… in {self._side.name}"
        answer = await self._send("GET", f"/acr/v1/{repository}/_manifests/{digest}", f"repository:{repository}:metadata_read", doing)
        if proves_absence(answer):
            return None
        found = self._understood(answer, doing, lambda value: _described(value["manifest"]))
        if found.digest != digest:
            raise Refused(self._unexpected(doing, f"they are those of {found.digest}"))
        return found

    async def manifests(self, repository: Repository, after: str | None) -> Page[Listed]:
        """`GET /acr/v1/{name}/_manifests`, one page with the tags of each; an empty last one when the repository is absent."""
        repository = self._place_of(repository)
        doing = f"list the manifests of {repository} in {self._side.name}"
        path, scope = f"/acr/v1/{repository}/_manifests", f"repository:{repository}:metadata_read"
        answer = await self._send("GET", f"{path}?{_from(after)}", scope, doing)
        if proves_absence(answer):
            return Page((), None)
        return self._page(answer, doing, self._read(answer, doing, "manifests", _described), lambda last: str(last.digest), after)

    async def repositories(self, after: str | None) -> Page[Repository]:
        """`GET /acr/v1/_catalog`, one page, as the registry names them."""
        doing = f"list the repositories of {self._side.name}"
        answer = await self._send("GET", f"/acr/v1/_catalog?{_from(after)}", CATALOG, doing)
        return self._page(answer, doing, self._read(answer, doing, "repositories", Repository.parse), str, after)

    async def count(self, repository: Repository) -> int:
        """Of its manifests: `GET /acr/v1/{name}`; none when it is absent."""
        repository = self._place_of(repository)
        doing = f"count the manifests of {repository} in {self._side.name}"
        answer = await self._send("GET", f"/acr/v1/{repository}", f"repository:{repository}:metadata_read", doing)
        return 0 if proves_absence(answer) else self._understood(answer, doing, lambda value: _number(value["manifestCount"]))

    async def referrers(self, repository: Repository, digest: Digest) -> tuple[Listed, ...]:
        """What names that manifest as its subject, whether it is there or not. A registry without this API says 404 in words of its own;
        its clients keep such a list under a tag (distribution-spec, "Referrers Tag Schema"), and none is told here."""
        repository = self._place_of(repository)
        doing = f"list what refers to {repository}@{digest.short}… in {self._side.name}"
        return await self._in_time(doing, self._referrers(repository, digest, doing))

    async def _referrers(self, repository: Repository, digest: Digest, doing: str) -> tuple[Listed, ...]:
        path, scope = f"/v2/{repository}/referrers/{digest}", f"repository:{repository}:pull"
        found: dict[Digest, Listed] = {}
        query = ""
        for _ in range(MOST_PAGES):
            answer = await self._send("GET", f"{path}?{query}" if query else path, scope, doing)
            if answer.status == 404 and first_error(answer.body)[0]:
                return ()
            found |= {one.digest: one for one in self._read(answer, doing, "manifests", _described)}
            if len(found) > MOST:
                raise Refused(self._unexpected(doing, f"more than {MOST} refer to it"))
            query = _next_query(answer)
            if not query:
                return tuple(found.values())
        raise Refused(self._unexpected(doing, f"the list does not end within {MOST_PAGES} pages"))

    async def _in_time(self, doing: str, asking: Awaitable[Item]) -> Item:
        """The pages of a list together: each has its own time, and a thousand of those are more than any step has."""
        try:
            async with asyncio.timeout(LISTED_WITHIN):
                return await asking
        except TimeoutError:
            words = f"the list did not end within {LISTED_WITHIN} seconds"
        raise Refused(unreachable(doing, self._side.name, words))

    def _read(self, answer: Answer, doing: str, field: str, read: Callable[[Any], Item]) -> list[Item]:
        return self._understood(answer, doing, lambda value: [read(one) for one in value.get(field) or ()])

    def _understood(self, answer: Answer, doing: str, read: Callable[[dict[str, Any]], Item]) -> Item:
        if answer.status != 200:
            raise Refused(refusal(answer, self._side, doing))
        try:
            value = json.loads(answer.body)
            if isinstance(value, dict):
                return read(value)
            trouble = type(value).__name__
        except (InvalidReference, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            trouble = type(error).__name__
        raise Refused(self._unexpected(doing, f"the list is not as documented ({trouble})"))

    def _page(self, answer: Answer, doing: str, items: list[Item], name: Callable[[Item], str], after: str | None) -> Page[Item]:
        """The next begins behind the last of this one, whatever the link says; so a list must go on, or it would never end."""
        last = name(items[-1]) if items else None
        if after is not None and last is not None and last <= after:
            raise Refused(self._unexpected(doing, f"the page after {after} does not go on"))
        return Page(tuple(items), last if _next_query(answer) else None)

    def _unexpected(self, doing: str, what: str) -> Failure:
        return not_understood(doing, what, self._side.name)


def _number(value: object) -> int:
    """Raises `ValueError`: JSON has fractions, truths, and what overflows."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _described(one: dict[str, Any]) -> Listed:
    """`tags` is absent, not empty, where there are none."""
    return Listed(Digest.parse(one["digest"]), str(one.get("mediaType") or ""), frozenset(map(Tag.parse, one.get("tags") or ())))


def _from(after: str | None) -> str:
    return urlencode({"n": PAGE} if after is None else {"last": after, "n": PAGE})


def _next_query(answer: Answer) -> str:
    """Of `Link: </acr/v1/…?last=x&n=2>; rel="next"`; the path and the host stay ours. Empty after the last page."""
    link = answer.headers.get("Link", "")
    return link.partition("<")[2].partition(">")[0].partition("?")[2] if 'rel="next"' in link else ""
