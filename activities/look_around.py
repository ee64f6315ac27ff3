"""A digest's whole neighbourhood, as source and target hold it now: for whatever removes (DESIGN, rule 1)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from activities.asked import each, insistently
from activities.step import bp, step
from registries.connections import Connections, connections
from registries.lists import Listed
from registries.registry import Registry
from replication.neighbourhood import Meaning, Member, Neighbourhood
from replication.references import Digest, Repository, Tag
from replication.scope import Scope


@bp.activity_trigger(input_name="work")
@step
async def look_around(work: dict) -> dict[str, Any]:
    """`{target, repository, digests, tags, extras}`, of which the run knows already -> a `Neighbourhood`, with what was found more; or
    `{filtered}`: its media type is out of the target's scope. Each absence is proven. `extras`: no event told of a deletion."""
    here, repository = connections(), Repository.parse(work["repository"])
    connection = here.target(work["target"])
    around = _Around(here, connection.registry, connection.target.scope, repository, set(map(Tag.parse, work["tags"])))
    asked = [Digest.parse(one) for one in work["digests"]]
    await around.walk(asked)
    if around.left_out(asked):
        return {"filtered": "media_type"}
    scope = connection.target.scope
    spares = "deletes_off" if scope.deletes == "keep" else "foreign" if work["extras"] and scope.extras == "report" else None
    return Neighbourhood(around.members(), await around.meanings(), spares).to_json()


class _Around:
    def __init__(self, here: Connections, target: Registry, scope: Scope, repository: Repository, tags: set[Tag]) -> None:
        self._source = here.source
        self._listing = here.source_listing
        self._target = target
        self._scope = scope
        self._repository = repository
        self._tags = tags
        self._seen: dict[Digest, _Seen] = {}
        self._subjects: dict[Digest, Digest] = {}
        self._wanted: set[Digest] = set()  # referrers whose subject is not among these
        self._foreign: set[Digest] = set()  # subjects of what is out of scope
        self._at_target: dict[Tag, Digest] = {}

    async def walk(self, asked: list[Digest]) -> None:
        """From each manifest to what refers to it, on either side."""
        layer = list(dict.fromkeys(asked))
        while layer:
            found = await each(layer, self._look_at)
            self._seen |= dict(zip(layer, found, strict=True))
            layer = list(dict.fromkeys(one for seen in found for one in seen.referrers if one not in self._seen))

    async def _look_at(self, digest: Digest) -> "_Seen":
        at_source, at_target, *referrers = await asyncio.gather(
            insistently(lambda: self._source.find(self._repository, digest, gone=True)),
            insistently(lambda: self._target.lists.manifest(self._repository, digest)),
            insistently(lambda: self._source.lists.referrers(self._repository, digest)),
            insistently(lambda: self._target.lists.referrers(self._repository, digest)),
        )
        if at_source is not None and self._listing is not None:
            self._tags |= await self._listing.lists.tags_of(self._repository, digest)
        tags = at_target.tags if at_target is not None else frozenset()
        mine = {tag for tag in tags if self._scope.takes_tag(tag)}
        self._tags |= mine
        self._at_target |= dict.fromkeys(mine, digest)
        if mine != tags:
            self._foreign.add(digest)
        found = self._in_scope(digest, referrers[0], referrers[1])
        if at_source is not None and at_target is None and not self._scope.takes_untagged:
            manifest = await self._source.manifest(self._repository, digest)
            if manifest is not None and manifest.referrer:
                self._wanted.add(digest)
        described = Listed(digest, at_source.media_type) if at_source is not None else at_target
        return _Seen(at_source is not None, at_target is not None, described, found)

    def _in_scope(self, subject: Digest, at_source: Sequence[Listed], at_target: Sequence[Listed]) -> tuple[Digest, ...]:
        mine = [one.digest for one in (*at_source, *at_target) if self._scope.takes_media_type(one.media_type)]
        if not all(self._scope.takes_media_type(one.media_type) for one in at_target):
            self._foreign.add(subject)
        self._subjects |= dict.fromkeys(mine, subject)
        return tuple(mine)

    def left_out(self, asked: list[Digest]) -> bool:
        known = [described for one in asked if (described := self._seen[one].described) is not None]
        return bool(known) and not any(self._scope.takes_media_type(one.media_type) for one in known)

    def members(self) -> tuple[Member, ...]:
        return tuple(
            Member(
                digest=digest,
                source=seen.source,
                target=seen.target,
                index=seen.described is not None and seen.described.index,
                subject=self._subjects.get(digest),
                bound=digest in self._foreign,
                wanted=self._scope.takes_untagged or digest in self._subjects or digest in self._wanted,
            )
            for digest, seen in self._seen.items()
        )

    async def meanings(self) -> tuple[Meaning, ...]:
        """The target's tags on a member were listed with it."""
        mine = sorted(tag for tag in self._tags if self._scope.takes_tag(tag))
        return tuple(await each(mine, self._meaning, insist=True))

    async def _meaning(self, tag: Tag) -> Meaning:
        source = await self._source.find(self._repository, tag, gone=True)
        known = self._at_target.get(tag)
        if known is None:
            found = await self._target.find(self._repository, tag, gone=True)
            known = None if found is None else found.digest
        return Meaning(tag, None if source is None else source.digest, known)


@dataclass(frozen=True, slots=True)
class _Seen:
    source: bool
    target: bool
    described: Listed | None
    referrers: tuple[Digest, ...]
