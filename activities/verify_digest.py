"""Whether a target answers what the source answers: of an artifact the digest and, for an index, every child; or what a tag means."""

from typing import Any

from activities.asked import each
from activities.descendants import descendants
from activities.pages import page_of
from activities.step import bp, step
from ledger import Content, store
from registries.connections import connections
from replication.work import Work
from telemetry import figures

SHOWN = 5  # of what is missing


@bp.activity_trigger(input_name="work")
@step
async def verify_digest(work: dict) -> dict[str, Any]:
    """A `Work`, and maybe the `generation` of an import that may have ended by now, and for how many `seconds` it has been under way, and
    `index` (false: the source told that it is none), and a `page` of what it lists, after pages of which nothing was missing -> `{verified,
    missing, manifests, pages}`: whether all of that is there, what is not (at most five), how many manifests were looked at, and how many
    pages there are.

    With a tag, whether it means the digest; the content was looked at before the tag was moved. Without one, the digest and what it lists,
    read from bytes that hash to it; where nobody has those of an index, it counts as missing."""
    wanted = Work.from_json(work)
    here = connections()
    target = here.target(wanted.target).registry
    if wanted.tag is not None:
        return _answer([] if await target.resolve(wanted.repository, wanted.tag) == wanted.digest else [str(wanted.tag)], 1)
    if await target.resolve(wanted.repository, wanted.digest) is None:
        return _answer([str(wanted.digest)], 1)
    listed = await descendants(here, wanted) if work.get("index", True) else []
    if listed is None:
        return _answer([str(wanted.digest)], 1)
    page, pages = page_of(listed, number := work.get("page", 0))
    found = await each(page, lambda child: target.resolve(wanted.repository, child.digest), insist=True)
    missing = [str(child.digest) for child, held in zip(page, found, strict=True) if held is None or child.unread]
    if not missing and number == pages - 1 and work.get("generation") is not None:
        await store().ended(Content(wanted.target, wanted.repository, wanted.digest), work["generation"])
        if (seconds := work.get("seconds")) is not None:
            figures.import_duration.record(seconds, {"target": wanted.target})
    return _answer(missing, 1 + len(page), pages)


def _answer(missing: list[str], manifests: int, pages: int = 1) -> dict[str, Any]:
    return {"verified": not missing, "missing": missing[:SHOWN], "manifests": manifests, "pages": pages}
