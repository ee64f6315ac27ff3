"""Which of a page of an index's descendants a target lacks, for an index that is too large for one import."""

from typing import Any

from activities.asked import each
from activities.descendants import all_descendants
from activities.step import bp, step
from ledger import Content, store
from registries.connections import connections
from replication.work import Work
from telemetry import figures

PAGE = 50  # descendants; they travel by position, since a list of a thousand digests would be in every history


@bp.activity_trigger(input_name="work")
@step
async def look_at_children(work: dict) -> dict[str, Any]:
    """A `Work` with `page`, and the `imports` under way by their positions, `{generation, seconds}` -> `{pages, manifests, images,
    indexes}`: the positions of what is missing, of the two kinds. An index is to be put once everything before it is there."""
    wanted = Work.from_json(work)
    here = connections()
    target = here.target(wanted.target).registry
    listed = await all_descendants(here, wanted)
    first = work["page"] * PAGE
    page = listed[first : first + PAGE]
    found = await each(page, lambda one: target.resolve(wanted.repository, one.digest), insist=True)
    for place, (one, held) in enumerate(zip(page, found, strict=True), first):
        if held is not None and (arrived := work["imports"].get(str(place))) is not None:
            await store().ended(Content(wanted.target, wanted.repository, one.digest), arrived["generation"])
            figures.import_duration.record(arrived["seconds"], {"target": wanted.target})
    missing = [(first + place, one.index) for place, (one, held) in enumerate(zip(page, found, strict=True)) if held is None]
    return {
        "pages": -(-len(listed) // PAGE),
        "manifests": len(listed),
        "images": [place for place, index in missing if not index],
        "indexes": [place for place, index in missing if index],
    }
