"""Why an import may have failed for good: what the source itself lacks of an artifact. Asked, never inferred from an error's text."""

from typing import Any

from activities.asked import each
from activities.descendants import descendants
from activities.pages import page_of
from activities.step import bp, step
from registries.connections import connections
from replication.references import Digest
from replication.work import Work

SHOWN = 5  # of what is missing
GONE = {"gone": True, "lacks": [], "pages": 1}


@bp.activity_trigger(input_name="work")
@step
async def examine_source(work: dict) -> dict[str, Any]:
    """A `Work`, with `suspects` (digests; none means a `page` of what it lists) -> `{gone, lacks, pages}`: whether the source has the
    manifest no longer, which of those are proven absent there (at most five), and how many pages there are."""
    wanted = Work.from_json(work)
    here = connections()
    if await here.source.resolve_with_proof(wanted.repository, wanted.digest) is None:
        return GONE
    listed = [Digest.parse(one) for one in work.get("suspects") or ()]
    if not listed:
        held = await descendants(here, wanted)
        if held is None:
            return GONE
        listed = [one.digest for one in held]
    page, pages = page_of(listed, work.get("page", 0))
    found = await each(page, lambda digest: here.source.resolve_with_proof(wanted.repository, digest), insist=True)
    lacks = [str(digest) for digest, held in zip(page, found, strict=True) if held is None]
    return {"gone": False, "lacks": lacks[:SHOWN], "pages": pages}
