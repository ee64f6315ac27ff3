"""Whether a target answers what the source answers: the digest, for an index every child, and the tag."""

import asyncio
from typing import Any

from activities.step import bp, step
from registries.connections import Connections, connections
from replication.references import Digest, Repository
from replication.work import Work

AT_ONCE = 8  # requests to one registry; a child costs one HEAD


@bp.activity_trigger(input_name="work")
@step
async def verify_digest(work: dict) -> dict[str, Any]:
    """A `Work` -> `{verified, missing, manifests}`: whether all is there, what is not (at most five, for people), and how many manifests
    were looked at. Which children there are is read from the source's bytes, which hash to the digest."""
    wanted = Work.from_json(work)
    here = connections()
    target = here.target(wanted.target).registry
    if await target.resolve(wanted.repository, wanted.digest) is None:
        return _answer([str(wanted.digest)], 1)
    children = await listed(here, wanted.repository, wanted.digest)
    turn = asyncio.Semaphore(AT_ONCE)

    async def lacks(child: Digest) -> bool:
        async with turn:
            return await target.resolve(wanted.repository, child) is None

    absent = await asyncio.gather(*map(lacks, children))
    missing = [str(child) for child, is_absent in zip(children, absent, strict=True) if is_absent]
    if wanted.tag is not None and not missing and await target.resolve(wanted.repository, wanted.tag) != wanted.digest:
        missing.append(str(wanted.tag))
    return _answer(missing, 1 + len(children))


async def listed(here: Connections, repository: Repository, digest: Digest) -> list[Digest]:
    """What an index lists, and the indexes in it. Empty for an image, and for what the source has no longer."""
    found: dict[Digest, None] = {}
    waiting = [digest]
    while waiting:
        manifest = await here.source.manifest(repository, waiting.pop())
        if manifest is not None:
            waiting += [index for index in manifest.indexes if index not in found]
            found |= dict.fromkeys(manifest.children)
    return list(found)


def _answer(missing: list[str], manifests: int) -> dict[str, Any]:
    return {"verified": not missing, "missing": missing[:5], "manifests": manifests}
